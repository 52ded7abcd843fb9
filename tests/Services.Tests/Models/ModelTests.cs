using EventMl.Contracts;
using EventMl.Contracts.Models;

namespace EventMl.Services.Tests.Models;

public class ModelTests
{
    [Fact]
    public void Registers_version_1_when_the_model_is_new() =>
        Given.Model().Register(Given.Register(), Given.Now).Events.Single().ShouldBeOfType<ModelRegistered>().Version.ShouldBe(1);

    [Fact]
    public void Registers_the_next_version_when_another_task_trained_it() =>
        Given.Model(Given.Registered()).Register(Given.Register("train-2", 2), Given.Now).Events.Single().ShouldBeOfType<ModelRegistered>().Version.ShouldBe(2);

    [Theory]
    [InlineData("train-1", 7)]
    [InlineData("train-9", 1)]
    public void Changes_nothing_when_task_or_artifact_is_registered_already(string task, long artifact) =>
        Given.Model(Given.Registered()).Register(Given.Register(task, artifact), Given.Now).Events.ShouldBeEmpty();

    [Fact]
    public void Shows_a_deleted_model_again_when_a_version_is_added()
    {
        var deleted = Given.Model(Given.Registered(), new ModelDeleted("digits", Given.Now));
        deleted.Exists.ShouldBeFalse();
        deleted.Evolve(Given.Registered(2, "train-2")).Find(null)!.Registered.Version.ShouldBe(2);
    }

    [Fact]
    public void Asks_for_an_evaluation_of_the_latest_version_when_none_is_named()
    {
        var model = Given.Model(Given.Registered(), Given.Registered(2, "train-2"));
        var asked = model.Evaluate("digits", null, "eval-1", "mnist", 1, Given.Now).Events.Single().ShouldBeOfType<EvaluationRequested>();
        asked.Version.ShouldBe(2);
    }

    [Fact]
    public void Asks_for_no_second_evaluation_when_the_same_one_is_under_way()
    {
        var model = Given.Model(Given.Registered(), Given.Evaluating());
        model.Evaluate("digits", 1, "eval-2", "mnist", 1, Given.Now).Events.ShouldBeEmpty();
        model.Evaluate("digits", 1, "eval-2", "mnist", 2, Given.Now).Events.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(3L)]
    public void Refuses_to_evaluate_when_the_version_is_missing(long version)
    {
        var refusal = Given.Model(Given.Registered()).Evaluate("digits", version, "eval-1", "mnist", 1, Given.Now).Refusal!;
        refusal.Code.ShouldBe(ErrorCodes.ModelNotFound);
        refusal.Message.ShouldContain("versions 1 to 1");
    }

    [Fact]
    public void Records_a_measurement_once_when_it_is_reported_twice()
    {
        var model = Given.Model(Given.Registered(), Given.Evaluating());
        var evaluated = model.CompleteEvaluation("eval-1", "measured", Given.Evaluated(0.9).Metrics, Given.Now).Events.Single();
        model = model.Evolve(evaluated);
        model.Find(1)!.Evaluation.ShouldBe(evaluated);
        model.CompleteEvaluation("eval-1", "measured", Given.Evaluated(0.8).Metrics, Given.Now).Events.ShouldBeEmpty();
        model.FailEvaluation("eval-1", new TaskError("X", "x"), Given.Now).Events.ShouldBeEmpty();
    }

    [Fact]
    public void Keeps_the_last_measurement_when_a_later_one_fails()
    {
        var model = Given.Model(Given.Registered(), Given.Evaluating(), Given.Evaluated(0.9), Given.Evaluating(id: "eval-2", dataset: 2));
        var failed = model.FailEvaluation("eval-2", new TaskError(ErrorCodes.ScriptFailed, "no"), Given.Now).Events.Single();
        model.Evolve(failed).Find(1)!.Evaluation!.EvaluationId.ShouldBe("eval-1");
        model.Evolve(failed).Pending.ShouldBeEmpty();
    }

    [Fact]
    public void Hides_a_model_once_when_it_is_deleted_twice()
    {
        var model = Given.Model(Given.Registered());
        var deleted = model.Delete("digits", Given.Now).Events.Single();
        model.Evolve(deleted).Delete("digits", Given.Now).Refusal!.Code.ShouldBe(ErrorCodes.ModelNotFound);
        model.Evolve(deleted).Evaluate("digits", 1, "eval-1", "mnist", 1, Given.Now).Refusal!.Code.ShouldBe(ErrorCodes.ModelNotFound);
    }
}
