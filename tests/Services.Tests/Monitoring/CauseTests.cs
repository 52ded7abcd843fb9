using EventMl.Monitoring.Collecting;

namespace EventMl.Services.Tests.Monitoring;

public sealed class CauseTests
{
    [Theory]
    [InlineData("Task train-0199c0ffee0199c0ffee0199c0ffee01 has 3 rows", "Task train-0299c0ffee0199c0ffee0199c0ffee99 has 1,204.5 rows")]
    [InlineData("Dataset 'a' is gone", "Dataset 'fashion cnn' is gone")]
    [InlineData("Can't read \"x\" at 12:30:01", "Can't read \"y 7\" at 09:01:59")]
    [InlineData("Stream 0199c0ff-ee01-7000-8000-99c0ffee0199 moved", "Stream 0299c0ff-ee01-7000-8000-99c0ffee0188 moved")]
    public void Two_failures_have_one_cause_when_only_ids_numbers_and_quoted_values_differ(string one, string other) =>
        Of(one).ShouldBe(Of(other));

    [Fact]
    public void Failures_have_different_causes_when_queue_exception_or_words_differ()
    {
        var causes = new[] { Of("It broke"), Of("It bent"), Of("It broke", exception: "E2"), Of("It broke", queue: "models-b") }.Select(c => c.Group);

        causes.ShouldBeUnique();
    }

    [Fact]
    public void Cause_reads_as_a_sentence_when_values_are_gone() =>
        Of("Task 'x' of train-0199c0ffee0199c0ffee0199c0ffee01 can't have 7 rows").Text.ShouldBe("Task ? of ? can't have ? rows");

    [Fact]
    public void Cause_stays_short_when_the_message_is_huge() => Of(new string('x', 1_000_000) + "'").Text.Length.ShouldBe(500);

    private static Cause Of(string reason, string exception = "E1", string queue = "models-a") => Cause.Of(queue, exception, reason);
}
