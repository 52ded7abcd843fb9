using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;

namespace EventMl.Jobs.Scripts;

/// <summary>
/// The processes of one run. With process ids of its own a run is a closed tree. Without, a process whose parent has ended comes to this one
/// (which declares itself the reaper of its descendants), and is told apart by a resource limit that is the run's own and has no other effect:
/// unlike a session or the environment, nothing drops it by accident.
/// </summary>
internal sealed class RunProcesses(bool closed)
{
    private const string LimitName = "Max realtime timeout";
    private const int KillRounds = 2000;

    private static readonly TimeSpan StrayAge = TimeSpan.FromSeconds(1);
    private static readonly ConcurrentDictionary<int, bool> ActiveRoots = [];
    private static readonly ConcurrentDictionary<(int Id, long Started), long> Strays = [];

    private readonly string _tag = (1_000_000_000_000 + RandomNumberGenerator.GetInt32(int.MaxValue)).ToString(CultureInfo.InvariantCulture);
    private int _root;

    /// <summary>The argument of <c>prlimit</c> that marks the run.</summary>
    public string LimitArgument => $"--rttime={_tag}:{_tag}";

    /// <summary>Before the first process starts.</summary>
    public void Begin()
    {
        if (!closed)
        {
            Native.BecomeReaper();
        }
    }

    /// <summary>The first process has started.</summary>
    public void Began(int root)
    {
        _root = root;
        ActiveRoots[root] = true;
    }

    /// <summary>The first process has ended and its exit code is known.</summary>
    public void Ended() => ActiveRoots.TryRemove(_root, out _);

    /// <summary>The run's processes that are there now, zombies included.</summary>
    public List<ProcessEntry> Find()
    {
        var table = ProcessTable.Read();
        CollectStrays(table);
        return ProcessTable.Tree(table, closed ? [_root] : Adopted(table).Append(_root));
    }

    /// <summary>Takes the exit codes of processes that came to this one, so that they disappear.</summary>
    public void Collect(IEnumerable<ProcessEntry> found)
    {
        foreach (var entry in found.Where(e => e.IsZombie && e.Parent == Environment.ProcessId && e.Id != _root))
        {
            Native.CollectChild(entry.Id);
        }
    }

    /// <summary>Kills every process of the run until none is left.</summary>
    public void Kill()
    {
        Native.Kill(-_root, Native.SigKill);
        for (var round = 0; !closed && round < KillRounds; round++)
        {
            var found = Find();
            Collect(found);
            if (!found.Exists(e => e.Id != _root))
            {
                return;
            }

            // One that forked while we looked is found in the next round.
            foreach (var entry in found.Where(e => !e.IsZombie))
            {
                Native.Kill(entry.Id, Native.SigKill);
            }

            Thread.Yield();
        }
    }

    // Where this is the first process of a container, any orphan comes to it. .NET collects what it started itself: the roots of runs, and
    // programs in our own session.
    private static void CollectStrays(List<ProcessEntry> table)
    {
        var own = table.Find(e => e.Id == Environment.ProcessId).Session;
        var found = table.Where(e => e.IsZombie && e.Parent == Environment.ProcessId && e.Session != own && !ActiveRoots.ContainsKey(e.Id)).ToHashSet();
        foreach (var old in Strays.Keys.Where(k => !found.Any(e => (e.Id, e.Started) == k)))
        {
            Strays.TryRemove(old, out _);
        }

        foreach (var stray in found.Where(e => TimeProvider.System.GetElapsedTime(Strays.GetOrAdd((e.Id, e.Started), _ => TimeProvider.System.GetTimestamp())) > StrayAge))
        {
            Native.CollectChild(stray.Id);
        }
    }

    private IEnumerable<int> Adopted(List<ProcessEntry> table) =>
        table.Where(e => e.Parent == Environment.ProcessId && e.Id != _root && HasTag(e.Id)).Select(e => e.Id);

    private bool HasTag(int id)
    {
        try
        {
            return File.ReadLines($"/proc/{id}/limits").Any(l => l.StartsWith(LimitName, StringComparison.Ordinal) && l.Contains(_tag, StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone in the meantime.
            return false;
        }
    }
}
