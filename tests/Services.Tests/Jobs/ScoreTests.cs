using EventMl.Host.Jobs;

namespace EventMl.Services.Tests.Jobs;

public class ScoreTests
{
    [Fact]
    public void Counts_hits_and_mean_cross_entropy()
    {
        var score = new Score(2);
        score.Add([[2f, 0f], [0f, 0f]], [0, 1]);
        score.Add([[1000f, 0f]], [1]);
        var metrics = score.Metrics();
        metrics["accuracy"].ShouldBe(1.0 / 3);
        metrics["correct"].ShouldBe(1);
        metrics["total"].ShouldBe(3);
        metrics["loss"].ShouldBe((Math.Log(1 + Math.Exp(-2)) + Math.Log(2) + 1000) / 3, 1e-6);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    public void Refuses_a_label_that_is_no_class(long label) =>
        Should.Throw<InvalidDataException>(() => new Score(2).Add([[0f, 0f]], [label])).Message.ShouldContain($"label {label}");
}
