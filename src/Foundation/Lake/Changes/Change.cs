using EventMl.Lake.Storage;

namespace EventMl.Lake.Changes;

/// <summary>Something to be done to a dataset or model; its files are stored, and it is put on whatever version is the latest.</summary>
internal abstract class Change
{
    /// <summary>What others must know of it to judge conflicts.</summary>
    public abstract ManifestChange Describe();

    /// <summary>The next manifest; called again when another writer was faster.</summary>
    /// <param name="draft">The latest version's content under the next version's number.</param>
    /// <param name="latest">The latest version; null when there is none.</param>
    /// <param name="meanwhile">The versions since the one that the work was based on, oldest first; all are rebasable.</param>
    /// <param name="ct">Stops the work.</param>
    public abstract Task<Manifest> ApplyAsync(Manifest draft, Manifest? latest, IReadOnlyList<Manifest> meanwhile, CancellationToken ct);

    protected static Manifest Counted(Manifest manifest) => manifest with
    {
        Stats = manifest.Tree is { } tree
            ? new ManifestStats(0, tree.Files.Sum(f => f.Bytes))
            : new ManifestStats(manifest.Fragments.Sum(f => f.LiveRows()), manifest.Fragments.Sum(f => f.AllFiles().Sum(d => d.Bytes))),
    };

    // Sorted, so that equal metadata give equal manifest bytes.
    public static SortedDictionary<string, string> Merge(params IReadOnlyDictionary<string, string>?[] sources)
    {
        var merged = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in sources.Where(s => s is not null).SelectMany(s => s!))
            merged[key] = value;
        return merged;
    }
}
