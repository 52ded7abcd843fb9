using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace EventMl.Bus;

/// <summary>The bus's own source of spans and numbers.</summary>
internal static class BusTelemetry
{
    public const string Name = "EventMl.Bus";

    public static ActivitySource Source { get; } = new(Name);

    public static Meter Meter { get; } = new(Name);
}
