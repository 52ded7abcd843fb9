using EventMl.Contracts;
using EventMl.Contracts.Monitoring;
using EventMl.EventStore;
using EventMl.Monitoring;

namespace EventMl.Services.Tests.Monitoring;

public sealed class FailureTests
{
    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly Guid _id = new("0199c0ff-ee01-7000-8000-99c0ffee0199");

    [Fact]
    public void Is_sent_again_when_it_is_open() => Given().Retry(Row(FailureState.Failed), null, _id, "fixed", _now).Events.ShouldBe(
        [new FailureRetried("fail-0199c0ffee017000800099c0ffee0199", 1, "training-run-training", _id.ToString("D"), "ab", "g", "fixed", _now)]);

    [Fact]
    public void Says_that_it_was_changed_when_it_was()
    {
        var edited = Given(Redriven()).Retry(Row(FailureState.Failed), new FailureEdit("cd", ["x"]), _id, "fixed", _now).Events;

        var change = edited[0].ShouldBeOfType<FailureEdited>();
        (change.Redrive, change.BodySha256Before, change.BodySha256, change.Headers.Single()).ShouldBe((2, "ab", "cd", "x"));
        edited[1].ShouldBeOfType<FailureRetried>().BodySha256.ShouldBe("cd");
    }

    [Theory]
    [InlineData(FailureState.Retrying)]
    [InlineData(FailureState.Resolved)]
    [InlineData(FailureState.Discarded)]
    public void Nothing_is_decided_when_it_is_not_open(string state)
    {
        Given().Retry(Row(state), null, _id, "again", _now).Refusal!.Code.ShouldBe(ErrorCodes.FailureNotOpen);
        Failure.Discard(Row(state), "away", _now).Refusal!.Code.ShouldBe(ErrorCodes.FailureNotOpen);
    }

    [Fact]
    public void Returns_and_resolves_only_when_it_was_sent()
    {
        Given(Redriven()).Return(Row(FailureState.Retrying), "h", _now).Events.ShouldBe([new FailureReturned("fail-0199c0ffee017000800099c0ffee0199", 1, "training-run-training", "h", _now)]);
        Given(Redriven()).Resolve(Row(FailureState.Retrying), _now).Events.ShouldBe([new FailureResolved("fail-0199c0ffee017000800099c0ffee0199", 1, "training-run-training", _now)]);
        Given(Redriven()).Return(Row(FailureState.Failed), "h", _now).Events.ShouldBeEmpty();
        Given(Redriven()).Resolve(Row(FailureState.Failed), _now).Events.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("fail-0199c0ffee017000800099c0ffee0199", true)]
    [InlineData("0199c0ffee017000800099c0ffee0199", false)]
    [InlineData("fail-", false)]
    [InlineData(null, false)]
    public void Public_id_is_read_when_it_is_one(string? text, bool valid) => (FailureRow.Parse(text) == _id).ShouldBe(valid);

    private static Failure Given(params object[] events) => events.Aggregate(Failure.Initial, (state, e) => state.Evolve(e));

    private static FailureRetried Redriven() => new("fail-x", 1, "q", "m", "ab", "g", "r", _now);

    private static FailureRow Row(string state) => new(
        _id, "training-run-training", false, _id, state, "g", "cause", "E", "it broke", null, null, 2, "ab", 1, 0, _now, _now, _now, null);
}
