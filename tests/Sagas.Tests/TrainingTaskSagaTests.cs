using System.Text.Json;
using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.Contracts.Training;
using EventMl.Sagas.TrainingTask;

namespace EventMl.Sagas.Tests;

public sealed class TrainingTaskSagaTests
{
    private static readonly JsonElement Empty = JsonSerializer.Deserialize<JsonElement>("{}");
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    [Fact]
    public void Keeps_the_names_of_its_states_when_they_are_stored() =>
        new TrainingTaskStateMachine().States.Select(s => s.Name).Order(StringComparer.Ordinal)
            .ShouldBe(["Abandoned", "Done", "Evaluating", "Final", "Initial", "Judging", "Registering", "Training"]);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Carries_a_model_from_training_to_the_gate_whatever_it_decides(bool promoted)
    {
        await using var host = await SagaHost.StartAsync();
        var id = await TrainedAsync(host);

        await host.UntilAskedAsync<RegisterModel>();
        host.Asked.Of<RegisterModel>()[0].ShouldSatisfyAllConditions(r => r.Model.ShouldBe("cnn"), r => r.TaskId.ShouldBe(id), r => r.ArtifactVersion.ShouldBe(7));
        (await host.WaitingAsync()).ShouldBe(0);
        await host.HearAsync(Registered(id));
        await host.UntilStateAsync(id, "Evaluating");
        await host.UntilAskedAsync<CompleteTraining>();
        await host.UntilAskedAsync<EvaluateModel>();
        host.Asked.Of<CompleteTraining>().ShouldBe([new CompleteTraining(id, "cnn", 3)]);
        host.Asked.Of<EvaluateModel>()[0].ShouldSatisfyAllConditions(e => e.Model.ShouldBe("cnn"), e => e.Version.ShouldBe(3));
        await host.HearAsync(new ModelEvaluated("cnn", 3, "eval-1", "digits", 1, "measured", new Dictionary<string, double>(StringComparer.Ordinal), Now) { TaskId = id });
        await host.UntilStateAsync(id, "Judging");
        await host.UntilAskedAsync<PromoteModel>();
        host.Asked.Of<PromoteModel>()[0].ShouldSatisfyAllConditions(p => p.Model.ShouldBe("cnn"), p => p.Version.ShouldBe(3));
        await (promoted
            ? host.HearAsync(new ModelPromoted("cnn", 3, null, "dec-1", Now) { TaskId = id })
            : host.HearAsync(new PromotionRefused("cnn", 3, "dec-1", "too weak", Now) { TaskId = id }));

        await host.UntilStateAsync(id, "Done");
    }

    [Fact]
    public async Task Changes_nothing_when_events_are_doubled_or_late()
    {
        await using var host = await SagaHost.StartAsync();
        var id = await TrainedAsync(host);

        await host.HearAsync(Requested(id, 1000));
        await host.HearAsync(Trained(id));
        await host.HearAsync(Failed(id));
        await host.UntilHandledAsync(5);

        (await host.StateAsync(id)).ShouldBe("Registering");
        host.Asked.Of<RunTraining>().ShouldBe([new RunTraining(id)]);
        host.Asked.Of<RegisterModel>().Length.ShouldBeLessThanOrEqualTo(1);
        await host.UntilAskedAsync<RegisterModel>();
    }

    [Fact]
    public async Task Is_done_without_a_decision_when_the_model_cannot_be_evaluated()
    {
        await using var host = await SagaHost.StartAsync();
        var id = await TrainedAsync(host);
        await host.HearAsync(Registered(id));
        await host.UntilStateAsync(id, "Evaluating");

        await host.HearAsync(new EvaluationFailed("cnn", 3, "eval-1", new TaskError(ErrorCodes.ScriptFailed, "why"), Now) { TaskId = id });

        await host.UntilStateAsync(id, "Done");
        host.Asked.Of<PromoteModel>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Asks_to_cancel_when_the_time_is_over_and_is_abandoned_when_the_task_fails()
    {
        await using var host = await SagaHost.StartAsync();
        var id = Ids.New("train");

        await host.HearAsync(Requested(id, 1));
        await host.UntilAskedAsync<CancelTraining>();
        (await host.StateAsync(id)).ShouldBe("Training");
        await host.HearAsync(Failed(id));
        await host.UntilStateAsync(id, "Abandoned");

        host.Asked.Of<CancelTraining>().ShouldBe([new CancelTraining { TaskId = id, Code = ErrorCodes.TaskTimedOut }]);
        host.Asked.Of<RegisterModel>().ShouldBeEmpty();
    }

    private static async Task<string> TrainedAsync(SagaHost host)
    {
        var id = Ids.New("train");
        await host.HearAsync(Requested(id, 1000));
        await host.UntilStateAsync(id, "Training");
        await host.UntilAskedAsync<RunTraining>();
        await host.HearAsync(Trained(id));
        await host.UntilStateAsync(id, "Registering");
        return id;
    }

    private static TrainingRequested Requested(string id, int seconds) =>
        new(id, "n", "digits", 1, "lake://datasets/digits", "ab", "t.py", null, Empty, "cnn", seconds, Now);

    private static ModelTrained Trained(string id) => new(id, 1, "cnn", "lake://models/cnn", 7, "ab", "/lake/models/cnn", 10, "digits", 1, "t.py", Empty, Empty, Now);

    private static ModelRegistered Registered(string id) => new("cnn", 3, id, "lake://models/cnn", 7, "ab", "/lake/models/cnn", 10, "digits", 1, "t.py", Empty, Empty, Now);

    private static TrainingFailed Failed(string id) => new(id, 1, new TaskError(ErrorCodes.TaskTimedOut, "why"), null, Now);
}
