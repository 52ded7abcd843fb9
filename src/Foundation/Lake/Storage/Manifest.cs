namespace EventMl.Lake.Storage;

/// <summary>The JSON document that makes a version; its bytes never change once written.</summary>
internal sealed record Manifest
{
    public required int Format { get; init; }

    public required string Kind { get; init; }

    public required string Name { get; init; }

    public required long Version { get; init; }

    /// <summary>The id of the version before.</summary>
    public string? Parent { get; init; }

    /// <summary>The version that the work was based on; null when it was based on none.</summary>
    public long? ReadVersion { get; init; }

    public required ManifestTransaction Txn { get; init; }

    public ManifestChange? Change { get; init; }

    public required DateTimeOffset Timestamp { get; init; }

    public IReadOnlyList<ManifestField> Schema { get; init; } = [];

    /// <summary>The same columns as an Arrow stream without batches, in base64: <see cref="Schema"/> is for people, this is exact for every type.</summary>
    public string? ArrowSchema { get; init; }

    public int NextFieldId { get; init; }

    public long NextRowId { get; init; }

    public int MaxFragmentId { get; init; }

    /// <summary>From this version on every transaction has a note under <c>_txns</c>; earlier versions are of format 1.</summary>
    public long? NotedFrom { get; init; }

    /// <summary>Folders of the lake that <see cref="ManifestFile.Base"/> counts from 1.</summary>
    public IReadOnlyList<string>? Bases { get; init; }

    public IReadOnlyList<ManifestFragment> Fragments { get; init; } = [];

    public ManifestTree? Tree { get; init; }

    public required ManifestStats Stats { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary><c>sha256:</c> and the Merkle root over everything else, see <see cref="ManifestRoot"/>.</summary>
    public string? Root { get; init; }

    /// <summary>What the version did, also for manifests of format 1, which do not say.</summary>
    public ChangeKind ChangeKind => Change?.Kind ?? (Txn.Operation == LakeTransaction.Append ? ChangeKind.Append : ChangeKind.Overwrite);

    /// <summary>Every file the version needs, as paths of the lake.</summary>
    public IEnumerable<(string Path, ManifestFile File)> Files(string folder)
    {
        if (Tree is { } tree)
        {
            foreach (var file in tree.Files)
                yield return ($"{Base(folder, tree.Base)}/{tree.Path}/{file.Path}", new ManifestFile(file.Path, file.Bytes, file.Sha256));
        }

        foreach (var file in Fragments.SelectMany(f => f.AllFiles()))
            yield return (PathOf(folder, file), file);
    }

    public string PathOf(string folder, ManifestFile file) => $"{Base(folder, file.Base)}/{file.Path}";

    public string Base(string folder, int? number) => number is not { } n
        ? folder
        : Bases is { } bases && n >= 1 && n <= bases.Count
            ? bases[n - 1]
            : throw new LakeException($"The manifest of {folder} version {Version} refers to base {n}, which it does not have.");
}

internal sealed record ManifestTransaction(string Id, string Operation, string? Actor = null);

/// <summary>What a version changed, for whoever commits at the same time.</summary>
/// <param name="Kind">The operation.</param>
/// <param name="Fragments">Fragments of the version before that were changed or replaced.</param>
/// <param name="Columns">Columns added or dropped.</param>
/// <param name="Bytes">Bytes of the files that this version brought.</param>
internal sealed record ManifestChange(ChangeKind Kind, IReadOnlyList<int>? Fragments = null, IReadOnlyList<string>? Columns = null, long Bytes = 0);

internal sealed record ManifestField(int Id, string Name, string Type, bool Nullable, IReadOnlyDictionary<string, string> Metadata);

/// <summary>Rows that lie together; each data file holds some of their columns.</summary>
internal sealed record ManifestFragment(
    int Id, long PhysicalRows, long RowIdBase, IReadOnlyList<ManifestDataFile> Files, long CreatedAtVersion, ManifestFile? RowIds = null, ManifestDeletion? Deletion = null)
{
    public long LiveRows() => PhysicalRows - (Deletion?.Count ?? 0);

    public IEnumerable<ManifestFile> AllFiles()
    {
        foreach (var file in Files)
            yield return file;
        if (RowIds is not null)
            yield return RowIds;
        if (Deletion is not null)
            yield return Deletion;
    }
}

internal record ManifestFile(string Path, long Bytes, string Sha256, int? Base = null);

internal sealed record ManifestDataFile(string Path, IReadOnlyList<int> Fields, IReadOnlyList<int> Columns, long Bytes, string Sha256, int? Base = null)
    : ManifestFile(Path, Bytes, Sha256, Base);

/// <summary>The rows of a fragment that are gone, as a file of ascending offsets.</summary>
internal sealed record ManifestDeletion(string Path, long Count, long Bytes, string Sha256, int? Base = null) : ManifestFile(Path, Bytes, Sha256, Base);

internal sealed record ManifestTree(string Path, IReadOnlyList<ManifestArtifact> Files, int? Base = null);

internal sealed record ManifestArtifact(string Path, long Bytes, string Sha256);

internal sealed record ManifestStats(long Rows, long Bytes);

/// <summary>What a version did to the one before.</summary>
internal enum ChangeKind
{
    Append,
    Overwrite,
    Delete,
    AddColumns,
    DropColumns,
    Compact,
    Restore,
    Clone,
}
