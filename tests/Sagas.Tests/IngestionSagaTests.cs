using System.Text.Json;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Sagas.Ingestion;

namespace EventMl.Sagas.Tests;

public sealed class IngestionSagaTests
{
    private static readonly JsonElement Empty = JsonSerializer.Deserialize<JsonElement>("{}");

    [Fact]
    public void Keeps_the_names_of_its_states_when_they_are_stored() =>
        new IngestionStateMachine(new SagaOptions()).States.Select(s => s.Name).Order(StringComparer.Ordinal).ShouldBe(["Abandoned", "Cancelling", "Done", "Final", "Initial", "Running"]);

    [Fact]
    public async Task Runs_the_ingestion_once_and_forgets_its_deadline_when_events_are_doubled()
    {
        await using var host = await SagaHost.StartAsync();
        var id = Ids.New("ingest");

        await host.HearAsync(Requested(id, 1000));
        await host.UntilStateAsync(id, "Running");
        await host.UntilAskedAsync<RunIngestion>();
        (await host.WaitingAsync()).ShouldBe(1);
        await host.HearAsync(Requested(id, 1000));
        await host.UntilHandledAsync(2);
        await host.HearAsync(Completed(id));
        await host.UntilStateAsync(id, "Done");
        await host.HearAsync(Completed(id));
        await host.HearAsync(Failed(id));
        await host.UntilHandledAsync(5);

        (await host.StateAsync(id)).ShouldBe("Done");
        (await host.WaitingAsync()).ShouldBe(0);
        host.Asked.Of<RunIngestion>().ShouldBe([new RunIngestion(id)]);
        host.Asked.Of<CancelIngestion>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Asks_to_cancel_when_the_time_is_over_and_is_abandoned_when_the_task_fails()
    {
        await using var host = await SagaHost.StartAsync();
        var id = Ids.New("ingest");

        await host.HearAsync(Requested(id, 1));
        await host.UntilAskedAsync<CancelIngestion>();
        await host.UntilStateAsync(id, "Cancelling");
        await host.HearAsync(Failed(id));
        await host.UntilStateAsync(id, "Abandoned");

        (await host.WaitingAsync()).ShouldBe(0);
        host.Asked.Of<CancelIngestion>().ShouldBe([new CancelIngestion { TaskId = id, Code = ErrorCodes.TaskTimedOut }]);
    }

    [Fact]
    public async Task Asks_to_cancel_again_and_is_abandoned_when_the_task_does_not_end()
    {
        await using var host = await SagaHost.StartAsync(new SagaOptions { AnswerTimeout = TimeSpan.FromSeconds(0.2), Patience = TimeSpan.FromSeconds(3), EvaluationPatience = TimeSpan.FromSeconds(3) });
        var id = Ids.New("ingest");

        await host.HearAsync(Requested(id, 1));
        await host.UntilStateAsync(id, "Abandoned");

        host.Asked.Of<CancelIngestion>().Length.ShouldBeGreaterThan(1);
        (await host.WaitingAsync()).ShouldBe(0);
    }

    internal static IngestionRequested Requested(string id, int seconds) => new(id, "n", "/in", null, "idx", Empty, "digits", seconds, DateTimeOffset.UnixEpoch);

    internal static IngestionCompleted Completed(string id) => new(id, 1, "digits", 1, Empty, DateTimeOffset.UnixEpoch);

    internal static IngestionFailed Failed(string id) => new(id, 1, new TaskError(ErrorCodes.TaskTimedOut, "why"), null, DateTimeOffset.UnixEpoch);
}
