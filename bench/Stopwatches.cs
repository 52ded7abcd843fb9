using System.Collections.Concurrent;
using System.Diagnostics;

namespace EventMl.Bench;

/// <summary>The times of all messages of one way, in milliseconds.</summary>
internal sealed class Stopwatches
{
    private readonly ConcurrentDictionary<string, long> _started = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, double> _milliseconds = new(StringComparer.Ordinal);

    public void Start(string id) => _started[id] = Stopwatch.GetTimestamp();

    // A message that comes twice counts with its first arrival.
    public void Stop(string id) => _milliseconds.TryAdd(id, Stopwatch.GetElapsedTime(_started[id]).TotalMilliseconds);

    public double Percentile(double part) => Numbers.Percentile(_milliseconds.Values, part);

    public void Clear() => _milliseconds.Clear();

    public async Task AllAsync(int count)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (_milliseconds.Count < count)
        {
            await tick.WaitForNextTickAsync();
        }
    }
}
