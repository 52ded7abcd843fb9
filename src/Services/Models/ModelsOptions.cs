using System.ComponentModel.DataAnnotations;

namespace EventMl.Models;

/// <summary>How models are judged and measured; section <c>models</c>.</summary>
public sealed record ModelsOptions
{
    /// <summary>File with the promotion policy, read at each promotion. The default is <c>policies/promotion.yaml</c> beside the host's assemblies.</summary>
    [Required]
    public string PolicyPath { get; init; } = Path.Combine(AppContext.BaseDirectory, "policies", "promotion.yaml");

    /// <summary>Longest evaluation. The default is one hour.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan EvaluationTimeout { get; init; } = TimeSpan.FromHours(1);
}
