using EventMl.Contracts.Training;
using EventMl.Training;

namespace EventMl.Services.Tests.Training;

public sealed class TrainingProgressTests
{
    [Fact]
    public void Records_epochs_beyond_the_last_when_a_resumed_attempt_reports_all()
    {
        var state = Given(Epoch(1, 1), Epoch(1, 2));

        Epochs(state.Record(2, [Epoch(2, 1), Epoch(2, 2), Epoch(2, 3)])).ShouldBe([3]);
    }

    [Fact]
    public void Records_nothing_when_a_zombie_reports()
    {
        Epochs(Given(Epoch(1, 1), Epoch(2, 2)).Record(1, [Epoch(1, 3)])).ShouldBeEmpty();
        Epochs(Given(Epoch(1, 1)).Record(2, [Epoch(1, 2)])).ShouldBeEmpty();
    }

    [Fact]
    public void Records_an_epoch_once_when_it_is_reported_twice() =>
        Epochs(Given().Record(1, [Epoch(1, 1), Epoch(1, 1), Epoch(1, 2)])).ShouldBe([1, 2]);

    private static int[] Epochs(EventMl.EventStore.Decision decision) => [.. decision.Events.Cast<EpochCompleted>().Select(e => e.Epoch)];

    private static EpochCompleted Epoch(int attempt, int epoch) =>
        new("train-1", attempt, epoch, 3, new Dictionary<string, double>(StringComparer.Ordinal), null, null, null, null, DateTimeOffset.UnixEpoch);

    private static TrainingProgress Given(params object[] events) => events.Aggregate(TrainingProgress.Initial, (state, e) => state.Evolve(e));
}
