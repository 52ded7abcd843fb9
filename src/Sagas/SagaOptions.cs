using System.ComponentModel.DataAnnotations;

namespace EventMl.Sagas;

/// <summary>How long sagas wait for answers; what a task itself may take stands in its request.</summary>
public sealed record SagaOptions : IValidatableObject
{
    /// <summary>How long an answer may take before the command is sent again; every command may be repeated. The default is 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a saga asks again before it gives up: long enough to start a stopped worker. The default is 6 hours.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "30.00:00:00")]
    public TimeSpan Patience { get; init; } = TimeSpan.FromHours(6);

    /// <summary>The same for evaluations, which wait for a free worker and take their time. The default is one day.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "30.00:00:00")]
    public TimeSpan EvaluationPatience { get; init; } = TimeSpan.FromDays(1);

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (AnswerTimeout > Patience || AnswerTimeout > EvaluationPatience)
        {
            yield return new ValidationResult("Sagas:AnswerTimeout must not be longer than Sagas:Patience and Sagas:EvaluationPatience, else nothing is ever asked again.", [nameof(AnswerTimeout)]);
        }
    }
}
