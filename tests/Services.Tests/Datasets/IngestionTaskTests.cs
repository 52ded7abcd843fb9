using System.Text.Json;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Datasets;
using EventMl.Jobs;

namespace EventMl.Services.Tests.Datasets;

public sealed class IngestionTaskTests
{
    private const string Id = "ingest-1";
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly JsonElement Stats = JsonSerializer.Deserialize<JsonElement>("""{"total_records":3}""");
    private static readonly IngestionRequested Requested = new(Id, "n", "/in", null, "idx", RequestRules.EmptyObject, "digits", 60, Now);
    private static readonly IngestionStarted Started = new(Id, 1, "w", Now);
    private static readonly TaskError Error = new(ErrorCodes.ScriptFailed, "why");

    [Fact]
    public void Is_requested_once_when_asked_twice()
    {
        Given().Decide(Requested).Events.ShouldBe([Requested]);
        Given(Requested).Decide(Requested with { Name = "other" }).Events.ShouldBeEmpty();
    }

    [Fact]
    public void Starts_with_newer_attempts_only()
    {
        Given(Requested).Start(Id, 1, "w", Now).Events.ShouldBe([Started]);
        Given(Requested, Started).Start(Id, 2, "v", Now).Events.ShouldBe([new IngestionStarted(Id, 2, "v", Now)]);
        Given(Requested, Started).Start(Id, 1, "w", Now).Events.ShouldBeEmpty();
        Given().Start(Id, 1, "w", Now).Events.ShouldBeEmpty();
    }

    [Fact]
    public void Ends_once_and_for_the_attempt_that_holds_it()
    {
        Given(Requested, Started).Complete(Id, 1, 4, Stats, Now).Events.ShouldHaveSingleItem()
            .ShouldBeOfType<IngestionCompleted>().ShouldSatisfyAllConditions(e => e.Dataset.ShouldBe("digits"), e => e.Version.ShouldBe(4));
        Given(Requested, Started).Fail(Id, 1, Error, "log", Now).Events.ShouldBe([new IngestionFailed(Id, 1, Error, "log", Now)]);
        var zombie = Given(Requested, Started, new IngestionStarted(Id, 2, "v", Now));
        zombie.Complete(Id, 1, 4, Stats, Now).Events.ShouldBeEmpty();
        zombie.Fail(Id, 1, Error, null, Now).Events.ShouldBeEmpty();
        var over = Given(Requested, Started, new IngestionCompleted(Id, 1, "digits", 4, Stats, Now));
        over.Complete(Id, 1, 5, Stats, Now).Events.ShouldBeEmpty();
        over.Fail(Id, 1, Error, null, Now).Events.ShouldBeEmpty();
        over.Start(Id, 2, "v", Now).Events.ShouldBeEmpty();
    }

    [Fact]
    public void Is_cancelled_at_once_when_no_worker_has_it()
    {
        var events = Given(Requested).Cancel(Id, ErrorCodes.TaskCancelled, workerHasIt: false, Now).Events;

        events[0].ShouldBe(new IngestionCancelRequested(Id, ErrorCodes.TaskCancelled, Now));
        events[1].ShouldBeOfType<IngestionFailed>().Error.Code.ShouldBe(ErrorCodes.TaskCancelled);
        events.Count.ShouldBe(2);
    }

    [Fact]
    public void Asks_its_worker_once_when_it_is_cancelled()
    {
        var requested = new IngestionCancelRequested(Id, ErrorCodes.TaskTimedOut, Now);

        Given(Requested, Started).Cancel(Id, ErrorCodes.TaskTimedOut, workerHasIt: true, Now).Events.ShouldBe([requested]);
        Given(Requested, Started, requested).Cancel(Id, ErrorCodes.TaskCancelled, workerHasIt: true, Now).ShouldSatisfyAllConditions(
            d => d.Events.ShouldBeEmpty(), d => d.Refusal.ShouldBeNull());
        Given(Requested, Started, requested).Cancel(Id, ErrorCodes.TaskCancelled, workerHasIt: false, Now).Events.ShouldHaveSingleItem("its worker has gone")
            .ShouldBeOfType<IngestionFailed>().Error.Code.ShouldBe(ErrorCodes.TaskTimedOut);
    }

    [Fact]
    public void Refuses_a_cancellation_when_there_is_nothing_to_cancel()
    {
        Given().Cancel(Id, ErrorCodes.TaskCancelled, false, Now).Refusal!.Code.ShouldBe(ErrorCodes.TaskNotFound);
        Given(Requested, Started, new IngestionFailed(Id, 1, Error, null, Now)).Cancel(Id, ErrorCodes.TaskCancelled, false, Now).Refusal!.Code.ShouldBe(ErrorCodes.TaskNotRunning);
    }

    private static IngestionTask Given(params object[] events) => events.Aggregate(IngestionTask.Initial, (state, e) => state.Evolve(e));
}
