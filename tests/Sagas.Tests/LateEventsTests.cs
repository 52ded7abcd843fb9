using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Contracts.Models;
using EventMl.Sagas.Ingestion;
using EventMl.Sagas.TrainingTask;
using static EventMl.Sagas.Tests.TrainingTaskEvents;

namespace EventMl.Sagas.Tests;

/// <summary>Every event in every state, twice: it leads where the table says or changes nothing, and never becomes a dead letter.</summary>
public sealed class LateEventsTests
{
    private const string None = "";

    private static readonly Dictionary<(string State, string Event), string> Training = new()
    {
        [(None, "TrainingRequested")] = "Training",
        [(None, "TrainingFailed")] = "Abandoned",
        [("Training", "ModelTrained")] = "Registering",
        [("Training", "TrainingFailed")] = "Abandoned",
        [("Registering", "ModelRegistered")] = "Completing",
        [("Registering", "TrainingCompleted")] = "Evaluating",
        [("Registering", "TrainingFailed")] = "Abandoned",
        [("Registering", "Rejected RegisterModel")] = "Settling",
        [("Registering", "GivenUp Registering")] = "Settling",
        [("Training", "GivenUp Training")] = "Settling",
        [("Settling", "TrainingCompleted")] = "Evaluating",
        [("Settling", "TrainingFailed")] = "Abandoned",
        [("Settling", "GivenUp Settling")] = "Abandoned",
        [("Completing", "TrainingCompleted")] = "Evaluating",
        [("Completing", "GivenUp Completing")] = "Evaluating",
        [("Evaluating", "ModelEvaluated")] = "Judging",
        [("Evaluating", "EvaluationFailed")] = "Done",
        [("Evaluating", "ModelPromoted")] = "Done",
        [("Evaluating", "Rejected EvaluateModel")] = "Done",
        [("Evaluating", "GivenUp Evaluating")] = "Done",
        [("Judging", "ModelPromoted")] = "Done",
        [("Judging", "PromotionRefused")] = "Done",
        [("Judging", "Rejected PromoteModel")] = "Done",
        [("Judging", "GivenUp Judging")] = "Done",
    };

    private static readonly Dictionary<(string State, string Event), string> Ingestion = new()
    {
        [(None, "IngestionRequested")] = "Running",
        [(None, "IngestionFailed")] = "Abandoned",
        [("Running", "IngestionCompleted")] = "Done",
        [("Running", "IngestionFailed")] = "Abandoned",
        [("Running", "IngestionDeadlineExpired")] = "Cancelling",
        [("Cancelling", "IngestionCompleted")] = "Done",
        [("Cancelling", "IngestionFailed")] = "Abandoned",
        [("Cancelling", "IngestionGivenUp")] = "Abandoned",
    };

    [Theory]
    [InlineData("memory")]
    [InlineData("rabbitmq")]
    public async Task Training_goes_where_the_table_says_when_any_event_comes_twice_in_any_state(string transport)
    {
        await using var host = await SagaHost.StartAsync(transport: transport);
        string[] steps = ["Training", "Registering", "Settling", "Completing", "Evaluating", "Judging"];
        var events = new Dictionary<string, Func<string, object>>(StringComparer.Ordinal)
        {
            ["TrainingRequested"] = id => Requested(id, 1000),
            ["ModelTrained"] = Trained,
            ["TrainingFailed"] = Failed,
            ["TrainingCompleted"] = Completed,
            ["ModelRegistered"] = Registered,
            ["ModelEvaluated"] = Evaluated,
            ["EvaluationFailed"] = NotEvaluated,
            ["ModelPromoted"] = Promoted,
            ["PromotionRefused"] = NotPromoted,
            ["Rejected of nobody"] = _ => Rejected(null, nameof(EvaluateModel)),
            ["Expired"] = id => new TrainingDeadlineExpired(id),
        };
        foreach (var command in (string[])[nameof(RegisterModel), nameof(EvaluateModel), nameof(PromoteModel), nameof(DeleteModel)])
        {
            events.Add($"Rejected {command}", id => Rejected(id, command));
        }

        foreach (var step in steps)
        {
            events.Add($"Overdue {step}", id => new TrainingAnswerOverdue(id, step));
            events.Add($"GivenUp {step}", id => new TrainingAnswerGivenUp(id, step));
        }

        await CheckAsync(host, "training-task", Training, [None, .. steps, "Done", "Abandoned"], events, (id, state) => new TrainingTaskState
        {
            CorrelationId = SagaId.From(id),
            CurrentState = state,
            TaskId = id,
            Model = "cnn",
            ModelVersion = 3,
            Registration = state == "Registering" ? new RegisterModel("cnn", id, "lake://models/cnn", 7, "ab", "/lake/models/cnn", 10, "digits", 1, null, default, default) : null,
        });
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("rabbitmq")]
    public async Task Ingestion_goes_where_the_table_says_when_any_event_comes_twice_in_any_state(string transport)
    {
        await using var host = await SagaHost.StartAsync(transport: transport);
        var events = new Dictionary<string, Func<string, object>>(StringComparer.Ordinal)
        {
            ["IngestionRequested"] = id => IngestionSagaTests.Requested(id, 1000),
            ["IngestionCompleted"] = IngestionSagaTests.Completed,
            ["IngestionFailed"] = IngestionSagaTests.Failed,
            ["IngestionDeadlineExpired"] = id => new IngestionDeadlineExpired(id),
            ["IngestionGivenUp"] = id => new IngestionGivenUp(id),
        };
        await CheckAsync(
            host, "ingestion", Ingestion, [None, "Running", "Cancelling", "Done", "Abandoned"], events,
            (id, state) => new IngestionState { CorrelationId = SagaId.From(id), CurrentState = state, TaskId = id });
    }

    private static async Task CheckAsync<TState>(
        SagaHost host, string kind, Dictionary<(string State, string Event), string> table, string[] states,
        Dictionary<string, Func<string, object>> events, Func<string, string, TState> place)
        where TState : SagaState
    {
        var cases = (from state in states from name in events.Keys select (Id: Ids.New("task"), State: state, Event: name)).ToArray();
        foreach (var (id, state, _) in cases.Where(c => c.State != None))
        {
            await host.PlaceAsync(kind, place(id, state));
        }

        for (var time = 1; time <= 2; time++)
        {
            await Task.WhenAll(cases.Select(c => host.HearAsync(events[c.Event](c.Id))));
            await host.UntilHandledAsync(cases.Length * time);
        }

        var wrong = new List<string>();
        foreach (var (id, state, name) in cases)
        {
            var expected = Next(Next(state, name), name);
            var found = await host.StateAsync(id) ?? None;
            if (found != expected)
            {
                wrong.Add($"{name} twice in '{state}' leads to '{found}' instead of '{expected}'");
            }
        }

        wrong.ShouldBeEmpty();
        (await host.WaitingOfEndedAsync()).ShouldBe(0);
        if (host.HasBroker)
        {
            (await host.CountInQueueAsync($"sagas-{kind}_error")).ShouldBe(0u);
            (await host.CountInQueueAsync($"sagas-{kind}_skipped")).ShouldBe(0u);
        }

        string Next(string state, string name) => table.GetValueOrDefault((state, name), state);
    }
}
