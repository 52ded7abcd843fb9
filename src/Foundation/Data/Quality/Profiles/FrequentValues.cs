using System.Runtime.InteropServices;

namespace EventMl.Data.Quality;

/// <summary>
/// The most frequent values (Misra-Gries): exact while there are at most twice <see cref="Kept"/> different ones; beyond, each count may be too low by at most
/// <see cref="Missed"/>, which never exceeds 1 / <see cref="Kept"/> of the rows.
/// </summary>
internal sealed class FrequentValues
{
    public const int Kept = 512;

    private readonly Dictionary<ulong, Entry> _entries = [];

    /// <summary>How much the counts may be too low; 0 when they are exact.</summary>
    public long Missed { get; private set; }

    /// <summary>Counts one more of a value.</summary>
    /// <returns>Whether the value is new here, so that its text is needed.</returns>
    public bool Add(ulong key)
    {
        ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_entries, key, out var known);
        entry.Count++;
        return !known;
    }

    public void Name(ulong key, string text) => CollectionsMarshal.GetValueRefOrNullRef(_entries, key).Text = text;

    /// <summary>Drops what is rare once there is too much of it; to be called after new values.</summary>
    public void Trim()
    {
        if (_entries.Count <= 2 * Kept)
            return;
        var counts = _entries.Values.Select(e => e.Count).ToArray();
        Array.Sort(counts);
        var cut = counts[^(Kept + 1)];
        Missed += cut;
        foreach (var key in _entries.Keys.ToArray())
        {
            ref var entry = ref CollectionsMarshal.GetValueRefOrNullRef(_entries, key);
            entry.Count -= cut;
            if (entry.Count <= 0)
                _entries.Remove(key);
        }
    }

    public void Merge(FrequentValues other)
    {
        foreach (var (key, added) in other._entries)
        {
            ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_entries, key, out _);
            entry.Count += added.Count;
            entry.Text ??= added.Text;
        }

        Missed += other.Missed;
        Trim();
    }

    /// <summary>The most frequent values first; equally frequent ones by their text.</summary>
    public IEnumerable<ValueCount> Top(int count, Func<ulong, string> text) => _entries
        .Select(e => new ValueCount(e.Value.Text ?? text(e.Key), e.Value.Count))
        .OrderByDescending(v => v.Count).ThenBy(v => v.Value, StringComparer.Ordinal)
        .Take(count);

    private struct Entry
    {
        public long Count;
        public string? Text;
    }
}
