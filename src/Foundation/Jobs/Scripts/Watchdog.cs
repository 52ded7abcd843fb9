namespace EventMl.Jobs.Scripts;

/// <summary>Watches what the processes of a run use together, and says which limit they passed.</summary>
/// <param name="processes">The run.</param>
/// <param name="ownProcesses">Processes that isolation adds, which are not the script's.</param>
/// <param name="limits">Its limits.</param>
/// <param name="folders">The folders whose size counts.</param>
/// <param name="clock">How often it looks.</param>
internal sealed class Watchdog(RunProcesses processes, int ownProcesses, ScriptLimits limits, IReadOnlyList<string> folders, TimeProvider clock)
{
    private const int TicksPerSecond = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan CloseInterval = TimeSpan.FromMilliseconds(50);
    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };

    private long _diskAt;
    private TimeSpan _diskPause = TimeSpan.Zero;

    /// <summary>Completes with the message of the limit that was passed, or with null when the token fires.</summary>
    public async Task<string?> WatchAsync(CancellationToken cancellationToken)
    {
        var interval = CloseInterval;
        while (true)
        {
            await Task.Delay(interval, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested)
            {
                return null;
            }

            var (breach, close) = Look();
            if (breach is not null)
            {
                return breach;
            }

            interval = close ? CloseInterval : Interval;
        }
    }

    // Also, whether a limit is near enough to be passed before the next look.
    private (string? Breach, bool Close) Look()
    {
        var found = processes.Find();
        processes.Collect(found);
        var count = found.Count - ownProcesses;
        if (count > limits.Processes)
        {
            return (LimitKind.Processes.Explain(limits, count), true);
        }

        var seconds = found.Sum(e => e.CpuTicks) / TicksPerSecond;
        if (seconds > limits.CpuSeconds)
        {
            return (LimitKind.CpuSeconds.Explain(limits, seconds), true);
        }

        var close = count > limits.Processes / 4;
        if (limits.MemoryBytes is { } limit)
        {
            var memory = found.Sum(e => ProcessTable.Memory(e.Id, share: false));
            if (memory > limit && found.Sum(e => ProcessTable.Memory(e.Id, share: true)) is var exact && exact > limit)
            {
                return (LimitKind.Memory.Explain(limits, exact), true);
            }

            close |= memory > limit / 4;
        }

        return (LookAtDisk(), close);
    }

    private string? LookAtDisk()
    {
        if (limits.DiskBytes is not { } limit || (_diskAt != 0 && clock.GetElapsedTime(_diskAt) < _diskPause))
        {
            return null;
        }

        var start = clock.GetTimestamp();
        var size = folders.Where(Directory.Exists).Sum(f => new DirectoryInfo(f).EnumerateFiles("*", Everything).Sum(Length));
        _diskAt = clock.GetTimestamp();
        // Many files take long to count; that must not become the main work of the host.
        _diskPause = TimeSpan.FromSeconds(0.5) + (10 * clock.GetElapsedTime(start));
        return size > limit ? LimitKind.Disk.Explain(limits, size) : null;

        static long Length(FileInfo file)
        {
            try
            {
                return file.Length;
            }
            catch (IOException)
            {
                // Gone in the meantime.
                return 0;
            }
        }
    }
}
