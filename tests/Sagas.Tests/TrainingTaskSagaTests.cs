using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.Contracts.Training;
using EventMl.Sagas.TrainingTask;
using static EventMl.Sagas.Tests.TrainingTaskEvents;

namespace EventMl.Sagas.Tests;

public sealed class TrainingTaskSagaTests
{
    private static readonly SagaOptions Impatient = new() { AnswerTimeout = TimeSpan.FromSeconds(0.4), Patience = TimeSpan.FromSeconds(3), EvaluationPatience = TimeSpan.FromSeconds(3) };

    [Fact]
    public void Keeps_the_names_of_its_states_when_they_are_stored() =>
        new TrainingTaskStateMachine(new SagaOptions()).States.Select(s => s.Name).Order(StringComparer.Ordinal)
            .ShouldBe(["Abandoned", "Completing", "Done", "Evaluating", "Final", "Initial", "Judging", "Registering", "Settling", "Training"]);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Carries_a_model_from_training_to_the_gate_whatever_it_decides(bool promoted)
    {
        await using var host = await SagaHost.StartAsync();
        var id = await TrainedAsync(host);

        await host.UntilAskedAsync<RegisterModel>();
        host.Asked.Of<RegisterModel>()[0].ShouldSatisfyAllConditions(r => r.Model.ShouldBe("cnn"), r => r.TaskId.ShouldBe(id), r => r.ArtifactVersion.ShouldBe(7));
        await host.HearAsync(Registered(id));
        await host.UntilStateAsync(id, "Completing");
        await host.UntilAskedAsync<CompleteTraining>();
        host.Asked.Of<CompleteTraining>().ShouldBe([new CompleteTraining(id, "cnn", 3)]);
        await host.HearAsync(Completed(id));
        await host.UntilStateAsync(id, "Evaluating");
        await host.UntilAskedAsync<EvaluateModel>();
        host.Asked.Of<EvaluateModel>()[0].ShouldSatisfyAllConditions(e => e.Model.ShouldBe("cnn"), e => e.Version.ShouldBe(3));
        await host.HearAsync(Evaluated(id));
        await host.UntilStateAsync(id, "Judging");
        await host.UntilAskedAsync<PromoteModel>();
        host.Asked.Of<PromoteModel>()[0].ShouldSatisfyAllConditions(p => p.Model.ShouldBe("cnn"), p => p.Version.ShouldBe(3));
        await (promoted
            ? host.HearAsync(Promoted(id))
            : host.HearAsync(NotPromoted(id)));

        await host.UntilStateAsync(id, "Done");
        (await host.WaitingAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Changes_nothing_when_events_are_doubled_or_late()
    {
        await using var host = await SagaHost.StartAsync();
        var id = await TrainedAsync(host);

        await host.HearAsync(Requested(id, 1000));
        await host.HearAsync(Trained(id));
        await host.UntilHandledAsync(4);

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
        await host.HearAsync(Completed(id));
        await host.UntilStateAsync(id, "Evaluating");

        await host.HearAsync(NotEvaluated(id));

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

    [Fact]
    public async Task Has_the_task_failed_with_the_reason_when_the_registry_refuses_the_model()
    {
        await using var host = await SagaHost.StartAsync();
        var id = await TrainedAsync(host);

        await host.HearAsync(Rejected(id, nameof(RegisterModel)));
        await host.UntilAskedAsync<SettleTraining>();
        host.Asked.Of<SettleTraining>()[0].TaskId.ShouldBe(id);
        host.Asked.Of<SettleTraining>()[0].Error.ShouldBe(new TaskError(ErrorCodes.InvalidRequest, "The registry refused the trained model: why"));
        await host.HearAsync(Failed(id));

        await host.UntilStateAsync(id, "Abandoned");
        (await host.WaitingAsync()).ShouldBe(0);
        host.Asked.Of<EvaluateModel>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Asks_again_and_settles_the_task_when_the_registry_does_not_answer()
    {
        await using var host = await SagaHost.StartAsync(Impatient);
        var id = await TrainedAsync(host);

        await SagaHost.UntilAsync(() => Task.FromResult(host.Asked.Of<SettleTraining>().Any(s => s.Error is not null)), "the task is settled with an error");
        host.Asked.Of<RegisterModel>().Length.ShouldBeGreaterThan(1);
        host.Asked.Of<RegisterModel>().ShouldAllBe(r => r.TaskId == id && r.ArtifactVersion == 7);
        host.Asked.Of<SettleTraining>()[0].Error.ShouldBeNull("the first time it only asks whether the model is there after all");
        host.Asked.Of<SettleTraining>().First(s => s.Error is not null).Error!.Code.ShouldBe(ErrorCodes.Unavailable);
        // The settled task turned out to be registered.
        await host.HearAsync(Completed(id));

        await host.UntilAskedAsync<EvaluateModel>();
        host.Asked.Of<EvaluateModel>()[0].ShouldBe(new EvaluateModel { Model = "cnn", Version = 3, TaskId = id });
    }

    [Theory]
    [InlineData("Evaluating")]
    [InlineData("Judging")]
    public async Task Asks_again_and_is_done_when_an_answer_never_comes(string state)
    {
        await using var host = await SagaHost.StartAsync(Impatient);
        var id = await TrainedAsync(host);
        await host.HearAsync(Registered(id));
        await host.UntilStateAsync(id, "Completing");
        await host.HearAsync(Completed(id));
        if (state == "Judging")
        {
            await host.UntilStateAsync(id, "Evaluating");
            await host.HearAsync(Evaluated(id));
        }

        await host.UntilStateAsync(id, "Done");

        (await host.WaitingAsync()).ShouldBe(0);
        (state == "Judging" ? host.Asked.Of<PromoteModel>().Length : host.Asked.Of<EvaluateModel>().Length).ShouldBeGreaterThan(1);
        host.Asked.Of<PromoteModel>().ShouldAllBe(p => p.TaskId == id && p.Model == "cnn" && p.Version == 3);
    }

    [Fact]
    public async Task Asks_to_cancel_again_and_settles_the_task_when_it_does_not_end()
    {
        await using var host = await SagaHost.StartAsync(Impatient);
        var id = Ids.New("train");

        await host.HearAsync(Requested(id, 1));
        await host.UntilAskedAsync<SettleTraining>();

        host.Asked.Of<CancelTraining>().Length.ShouldBeGreaterThan(1);
        host.Asked.Of<SettleTraining>()[0].Error!.Code.ShouldBe(ErrorCodes.TaskTimedOut);
        await host.HearAsync(Failed(id));
        await host.UntilStateAsync(id, "Abandoned");
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
}
