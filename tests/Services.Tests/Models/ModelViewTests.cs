using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.Models.Viewing;
using Npgsql;

namespace EventMl.Services.Tests.Models;

public sealed class ModelViewTests : IDisposable
{
    private readonly NpgsqlDataSource _unused = NpgsqlDataSource.Create("Host=unused");

    [Fact]
    public void Shows_a_whole_life_when_folded()
    {
        var row = Fold(
            Given.Registered(), Given.Evaluating(), Given.Evaluated(0.9), Given.Promoted(),
            Given.Registered(2, "train-2"), Given.Evaluating(2, "eval-2"), Given.Evaluated(0.1, 2, "eval-2"), new PromotionRefused("digits", 2, "dec-2", "too low", Given.Now))!;
        row.Version.ShouldBe(2);
        row.Champion.ShouldBe(1);
        row.Input.ShouldBe("mnist");
        row.Versions.Select(v => (v.Version, v.Promoted, v.RefusedReason)).ShouldBe([(1, true, null), (2, false, "too low")]);
        row.Versions[1].Evaluation!.Metrics["accuracy"].ShouldBe(0.1);
        row.Showing(row.Versions[0]).Version.ShouldBe(1);
    }

    [Fact]
    public void Keeps_the_reason_when_an_evaluation_fails()
    {
        var row = Fold(Given.Registered(), Given.Evaluating(), new EvaluationFailed("digits", 1, "eval-1", new TaskError(ErrorCodes.ScriptFailed, "no test split"), Given.Now))!;
        row.Versions[0].Evaluating.ShouldBeFalse();
        row.Versions[0].EvaluationError.ShouldBe("no test split");
    }

    [Fact]
    public void Hides_the_row_when_the_model_is_deleted() =>
        Fold(Given.Registered(), new ModelDeleted("digits", Given.Now))!.Deleted.ShouldBeTrue();

    public void Dispose() => _unused.Dispose();

    private ModelRow? Fold(params object[] events) => new ModelView(_unused).Fold(Given.Stored(events));
}
