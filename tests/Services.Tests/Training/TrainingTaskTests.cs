using System.Text.Json;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Training;

namespace EventMl.Services.Tests.Training;

public sealed class TrainingTaskTests
{
    private const string Id = "train-1";
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly JsonElement Metrics = JsonSerializer.Deserialize<JsonElement>("""{"test_accuracy":0.9}""");
    private static readonly TrainingRequested Requested = new(Id, "n", "digits", 1, "lake://datasets/digits@1", "ab", "t.py", null, RequestRules.EmptyObject, "cnn", 60, Now);
    private static readonly TrainingStarted Started = new(Id, 1, "w", 0, Now);
    private static readonly TaskError Error = new(ErrorCodes.ScriptFailed, "why");
    private static readonly CompleteTraining Registered = new(Id, "cnn", 3);

    [Fact]
    public void Is_requested_once_when_asked_twice()
    {
        Given().Decide(Requested).Events.ShouldBe([Requested]);
        Given(Requested).Decide(Requested).Events.ShouldBeEmpty();
    }

    [Fact]
    public void Starts_again_after_a_lost_attempt_but_not_when_the_model_is_there()
    {
        Given(Requested, Started).Start(Id, 2, "v", 2, Now).Events.ShouldBe([new TrainingStarted(Id, 2, "v", 2, Now)]);
        Given(Requested, Started).Start(Id, 1, "w", 0, Now).Events.ShouldBeEmpty();
        Given(Requested, Started, Trained(1)).Start(Id, 2, "v", 3, Now).Events.ShouldBeEmpty();
    }

    [Fact]
    public void Trains_one_model_when_a_zombie_reports_too()
    {
        Given(Requested, Started).Train(Trained(1)).Events.ShouldBe([Trained(1)]);
        Given(Requested, Started, new TrainingStarted(Id, 2, "v", 0, Now)).Train(Trained(1)).Events.ShouldBeEmpty();
        Given(Requested, Started, Trained(1)).Train(Trained(1)).Events.ShouldBeEmpty();
        Given(Requested, Started, Trained(1)).Fail(Id, 1, Error, null, Now).Events.ShouldBeEmpty();
    }

    [Fact]
    public void Completes_once_when_its_model_is_registered()
    {
        Given(Requested, Started, Trained(1)).Complete(Registered, Now).Events.ShouldHaveSingleItem()
            .ShouldBeOfType<TrainingCompleted>().ShouldSatisfyAllConditions(e => e.ModelVersion.ShouldBe(3), e => e.Metrics.ShouldBe(Metrics));
        Given(Requested, Started, Trained(1), new TrainingCompleted(Id, "cnn", 3, Metrics, Now)).Complete(Registered, Now).Events.ShouldBeEmpty();
        Given(Requested, Started).Complete(Registered, Now).Refusal!.Code.ShouldBe(ErrorCodes.InvalidRequest);
        Given().Complete(Registered, Now).Refusal!.Code.ShouldBe(ErrorCodes.TaskNotFound);
    }

    [Fact]
    public void Refuses_a_cancellation_when_the_model_is_there_or_the_task_is_over()
    {
        Given(Requested, Started, Trained(1)).Cancel(Id, ErrorCodes.TaskCancelled, true, Now).Refusal!.Code.ShouldBe(ErrorCodes.TaskNotRunning);
        Given(Requested, Started, new TrainingFailed(Id, 1, Error, null, Now)).Cancel(Id, ErrorCodes.TaskCancelled, false, Now).Refusal!.Code.ShouldBe(ErrorCodes.TaskNotRunning);
        Given().Cancel(Id, ErrorCodes.TaskCancelled, false, Now).Refusal!.Code.ShouldBe(ErrorCodes.TaskNotFound);
    }

    [Fact]
    public void Ends_as_cancelled_with_the_reason_that_was_asked_for()
    {
        Given(Requested).Cancel(Id, ErrorCodes.TaskTimedOut, false, Now).Events[^1].ShouldBeOfType<TrainingFailed>().Error.Code.ShouldBe(ErrorCodes.TaskTimedOut);
        Given(Requested, Started).Cancel(Id, ErrorCodes.TaskCancelled, true, Now).Events.ShouldBe([new TrainingCancelRequested(Id, ErrorCodes.TaskCancelled, Now)]);
        Given(Requested, Started, new TrainingCancelRequested(Id, ErrorCodes.TaskCancelled, Now)).Cancel(Id, ErrorCodes.TaskTimedOut, true, Now).Events.ShouldBeEmpty();
    }

    [Fact]
    public void Ends_a_task_that_was_asked_to_end_when_its_worker_has_gone()
    {
        var task = Given(Requested, Started, new TrainingCancelRequested(Id, ErrorCodes.TaskCancelled, Now));

        task.Cancel(Id, ErrorCodes.TaskTimedOut, false, Now).Events.ShouldHaveSingleItem().ShouldBeOfType<TrainingFailed>().Error.Code.ShouldBe(ErrorCodes.TaskCancelled);
    }

    [Fact]
    public void Is_settled_as_failed_when_its_model_is_not_registered_and_as_completed_when_it_is()
    {
        var refused = new SettleTraining(Id) { Error = Error };

        Given(Requested, Started, Trained(1)).Settle(refused, null, Now).Events.ShouldBe([new TrainingFailed(Id, 1, Error, null, Now)]);
        Given(Requested, Started, Trained(1)).Settle(refused, 3, Now).Events.ShouldBe([new TrainingCompleted(Id, "cnn", 3, Metrics, Now)]);
        Given(Requested, Started, Trained(1)).Settle(new SettleTraining(Id), 3, Now).Events.ShouldBe([new TrainingCompleted(Id, "cnn", 3, Metrics, Now)]);
        Given(Requested, Started).Settle(refused, null, Now).Events.ShouldBe([new TrainingFailed(Id, 1, Error, null, Now)]);
    }

    [Fact]
    public void Stays_as_it_is_when_there_is_nothing_to_settle()
    {
        var refused = new SettleTraining(Id) { Error = Error };

        Given(Requested, Started, Trained(1)).Settle(new SettleTraining(Id), null, Now).ShouldBe(Decision.Nothing);
        Given(Requested, Started, Trained(1), new TrainingCompleted(Id, "cnn", 3, Metrics, Now)).Settle(refused, 3, Now).ShouldBe(Decision.Nothing);
        Given(Requested, Started, new TrainingFailed(Id, 1, Error, null, Now)).Settle(refused, null, Now).ShouldBe(Decision.Nothing);
        Given().Settle(refused, null, Now).Refusal!.Code.ShouldBe(ErrorCodes.TaskNotFound);
    }

    private static ModelTrained Trained(int attempt) =>
        new(Id, attempt, "cnn", "lake://models/cnn", 1, "ab", "/lake/models/cnn", 10, "digits", 1, "t.py", RequestRules.EmptyObject, Metrics, Now);

    private static TrainingTask Given(params object[] events) => events.Aggregate(TrainingTask.Initial, (state, e) => state.Evolve(e));
}
