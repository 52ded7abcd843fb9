using System.ComponentModel.DataAnnotations;

namespace EventMl.Bus;

/// <summary>Who gets in without a key, and how denials are told.</summary>
public sealed record AccessOptions
{
    /// <summary>Role of callers without a key on loopback, over REST and on a broker that takes them; null for keys everywhere. The default is admin.</summary>
    public Role? AnonymousRole { get; init; } = Role.Admin;

    /// <summary>How often repeated denials become an event. The default is a minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "1.00:00:00")]
    public TimeSpan DenialPeriod { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Pairs of principal and action that are told apart at a time; what is denied beyond them is counted together. The default is 500.</summary>
    [Range(1, 100_000)]
    public int DenialSeries { get; init; } = 500;
}
