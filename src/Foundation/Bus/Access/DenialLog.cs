using System.Diagnostics.Metrics;
using EventMl.Contracts;
using EventMl.Contracts.Access;
using EventMl.EventStore;

namespace EventMl.Bus;

/// <summary>Denials of this process until they are told: the first of a principal and an action at once, the rest as a count. Bounded, however many callers try however much.</summary>
public sealed class DenialLog(AccessOptions options, TimeProvider clock)
{
    private const string Others = "(others)";
    private static readonly Counter<long> _denied = BusTelemetry.Meter.CreateCounter<long>("eventml.access.denied", description: "Requests and commands of known callers that their rights did not allow.");
    private static readonly Counter<long> _unauthenticated = BusTelemetry.Meter.CreateCounter<long>("eventml.access.unauthenticated", description: "Requests and messages of callers that nobody vouches for.");
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Principal, string Action), Series> _series = [];
    private readonly WakeUp _wakeUp = new();

    /// <summary>Notes that a rule was not met.</summary>
    /// <param name="grant">What the caller has.</param>
    /// <param name="rule">What was needed.</param>
    /// <param name="action">The command, or the method and pattern of the address.</param>
    /// <param name="door">One of <see cref="Doors"/>.</param>
    public void Note(Grant grant, AccessRule rule, string action, string door)
    {
        _denied.Add(1, new KeyValuePair<string, object?>("door", door));
        var now = Clean.Time(clock.GetUtcNow());
        lock (_lock)
        {
            var key = (grant.Principal, action);
            if (!_series.ContainsKey(key) && _series.Count >= options.DenialSeries)
            {
                key = (Others, Others);
            }

            if (_series.TryGetValue(key, out var series))
            {
                series.Add(now);
                return;
            }

            _series[key] = new Series(new AccessDenied(key.Item1, key.Item2, rule.Area ?? "", rule.Role.Word(), grant.Role.Word(), door, now));
        }

        _wakeUp.Raise();
    }

    /// <summary>Counts a caller that nobody vouches for; such calls never enter the ledger.</summary>
    public static void NoteUnauthenticated(string door) => _unauthenticated.Add(1, new KeyValuePair<string, object?>("door", door));

    /// <summary>Waits until there is something to tell at once, or until a period has passed.</summary>
    internal Task WaitAsync(CancellationToken cancellationToken) => _wakeUp.WaitAsync(options.DenialPeriod, cancellationToken);

    /// <summary>What is to be told now; <see cref="Told"/> confirms it. At the end of a process everything is.</summary>
    internal IReadOnlyList<Telling> Due(bool all)
    {
        var now = clock.GetTimestamp();
        lock (_lock)
        {
            foreach (var quiet in _series.Where(s => s.Value is { First: null, More: 0 } && clock.GetElapsedTime(s.Value.ToldAt, now) >= options.DenialPeriod).Select(s => s.Key).ToArray())
            {
                _series.Remove(quiet);
            }

            return
            [
                .. from pair in _series
                   let s = pair.Value
                   let counts = s.More > 0 && (all || s.First is null && clock.GetElapsedTime(s.ToldAt, now) >= options.DenialPeriod)
                   where s.First is not null || counts
                   select new Telling(
                       s, s.StreamId, s.Version, pair.Key.Principal,
                       [.. Events(s.First, counts ? new DenialsCounted(pair.Key.Principal, pair.Key.Action, s.More, s.Since, s.Until) : null)], counts ? s.More : 0, s.Until)
            ];
        }

        static IEnumerable<object> Events(AccessDenied? first, DenialsCounted? counted) => new object?[] { first, counted }.OfType<object>();
    }

    /// <summary>It is in the ledger.</summary>
    internal void Told(Telling telling)
    {
        lock (_lock)
        {
            telling.Series.Told(telling, clock.GetTimestamp());
        }
    }

    /// <summary>Events for one stream.</summary>
    internal sealed record Telling(Series Series, string StreamId, long Version, string Principal, IReadOnlyList<object> Events, long Counted, DateTimeOffset Until);

    /// <summary>Denials of one principal and action, from the first until a period has passed without one; a stream of its own.</summary>
    internal sealed class Series(AccessDenied first)
    {
        public string StreamId { get; } = $"{AccessStreams.Denial}-{Ids.New():D}";

        public AccessDenied? First { get; private set; } = first;

        public long Version { get; private set; }

        public long More { get; private set; }

        public DateTimeOffset Since { get; private set; }

        public DateTimeOffset Until { get; private set; }

        public long ToldAt { get; private set; }

        public void Add(DateTimeOffset now)
        {
            Since = More == 0 ? now : Since;
            Until = now;
            More++;
        }

        public void Told(Telling telling, long at)
        {
            First = null;
            Version += telling.Events.Count;
            More -= telling.Counted;
            // What came while this was written came after its last.
            Since = telling.Counted > 0 ? telling.Until : Since;
            ToldAt = at;
        }
    }
}
