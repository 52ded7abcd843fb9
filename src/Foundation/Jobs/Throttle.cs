namespace EventMl.Jobs;

/// <summary>Says when something that happens often may be passed on: at most once per interval.</summary>
/// <param name="interval">The shortest time between two.</param>
/// <param name="clock">Measures it.</param>
public sealed class Throttle(TimeSpan interval, TimeProvider clock)
{
    private long? _last;

    /// <summary>True when the interval has passed since this last answered true.</summary>
    public bool TryPass()
    {
        var now = clock.GetTimestamp();
        if (_last is { } last && clock.GetElapsedTime(last, now) < interval)
        {
            return false;
        }

        _last = now;
        return true;
    }
}
