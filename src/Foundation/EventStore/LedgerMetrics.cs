using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace EventMl.EventStore;

/// <summary>What the ledger tells about itself.</summary>
public static class LedgerMetrics
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "EventMl.EventStore";

    private static readonly Meter _meter = new(Name);
    private static readonly Counter<long> _appends = _meter.CreateCounter<long>("eventml.ledger.appends", "{event}", "Events appended, committed or not.");
    private static readonly Histogram<double> _sequenceLag = _meter.CreateHistogram<double>("eventml.ledger.sequence.lag", "s", "From append to position.");
    private static readonly Histogram<double> _relayLag = _meter.CreateHistogram<double>("eventml.ledger.relay.lag", "s", "From position to the broker's confirmation.");

    internal static ActivitySource Activities { get; } = new(Name);

    internal static void Appended(string category, int count) => _appends.Add(count, new KeyValuePair<string, object?>("category", category));

    internal static void Relayed(IReadOnlyList<StoredEvent> events, DateTimeOffset now)
    {
        if (_sequenceLag.Enabled || _relayLag.Enabled)
        {
            foreach (var e in events)
            {
                _sequenceLag.Record((e.PositionedAt!.Value - e.Timestamp).TotalSeconds);
                _relayLag.Record((now - e.PositionedAt.Value).TotalSeconds);
            }
        }
    }
}
