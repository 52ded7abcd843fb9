using System.ComponentModel.DataAnnotations;

namespace EventMl.Jobs;

/// <summary>How a runner works.</summary>
public sealed record JobRunnerOptions
{
    /// <summary>Jobs done at the same time. The default is 1.</summary>
    [Range(1, 1024)]
    public int Concurrency { get; init; } = 1;

    /// <summary>How long a runner may be silent before another takes its job. The default is 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.2", "01:00:00")]
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often a lease is renewed; below a third of <see cref="LeaseTime"/>. The default is 3 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.02", "00:10:00")]
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often the queue is looked at when no signal arrives. The default is 200 milliseconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00")]
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(200);
}
