using System.Diagnostics.Metrics;
using EventMl.Contracts;

namespace EventMl.Bus;

/// <summary>A token bucket per actor and code: a client that sends nonsense in a loop must not fill the ledger with refusals.</summary>
internal sealed class RefusalLimiter(BusOptions options, TimeProvider clock)
{
    private const int MaxBuckets = 10_000;
    private static readonly Counter<long> Dropped = BusTelemetry.Meter.CreateCounter<long>("eventml.bus.refusals_dropped", description: "Refusals over the limit, which left no event.");
    private readonly Dictionary<(string Actor, string Code), Bucket> _buckets = [];
    private readonly Lock _lock = new();

    /// <summary>True when one more refusal may be recorded.</summary>
    public bool TryTake(string actor, string code)
    {
        lock (_lock)
        {
            if (_buckets.Count >= MaxBuckets)
            {
                _buckets.Clear();
            }

            var now = clock.GetTimestamp();
            // What is forbidden stays so however often it is asked, and denials are counted anyway.
            var (burst, perMinute) = code == ErrorCodes.Forbidden ? (options.ForbiddenPerMinute, options.ForbiddenPerMinute) : (options.RefusalBurst, options.RefusalsPerMinute);
            var bucket = _buckets.GetValueOrDefault((actor, code)) ?? new Bucket(burst, now);
            var refilled = Math.Min(burst, bucket.Tokens + (clock.GetElapsedTime(bucket.At, now).TotalMinutes * perMinute));
            var allowed = refilled >= 1;
            _buckets[(actor, code)] = new Bucket(allowed ? refilled - 1 : refilled, now);
            if (!allowed)
            {
                Dropped.Add(1, new KeyValuePair<string, object?>("code", code));
            }

            return allowed;
        }
    }

    private sealed record Bucket(double Tokens, long At);
}
