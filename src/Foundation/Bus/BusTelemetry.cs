using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace EventMl.Bus;

/// <summary>The bus's own source of spans and numbers.</summary>
internal static class BusTelemetry
{
    public const string Name = "EventMl.Bus";

    public static ActivitySource Source { get; } = new(Name);

    public static Meter Meter { get; } = new(Name);

    /// <summary>A span that continues the trace of what is being sent, however long it waited.</summary>
    public static Activity? Producer(string name, string? traceParent) =>
        Source.StartActivity(name, ActivityKind.Producer, ActivityContext.TryParse(traceParent, null, isRemote: true, out var parent) ? parent : default);
}
