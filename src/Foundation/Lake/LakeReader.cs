using EventMl.Arrow;

namespace EventMl.Lake;

/// <summary>Reads the rows of a dataset version from memory-mapped files; batches and their spans are valid until it is disposed.</summary>
public sealed class LakeReader : IDisposable
{
    private readonly List<ArrowFile> _files = [];
    private readonly IReadOnlyList<string>? _columns;

    private LakeReader(LakeVersion version, IReadOnlyList<string>? columns)
    {
        Version = version;
        _columns = columns;
    }

    /// <summary>The version that is read.</summary>
    public LakeVersion Version { get; }

    /// <summary>Rows of all batches.</summary>
    public long RowCount => Version.NumRows;

    /// <summary>Opens a dataset version; with <paramref name="columns"/> only those are offered, and only their bytes are ever read.</summary>
    /// <exception cref="LakeException">It is no dataset, a column does not exist, or a file is missing or damaged.</exception>
    public static LakeReader Open(LakeVersion version, params IReadOnlyList<string> columns)
    {
        if (version.Kind != LakeKind.Dataset)
            throw new LakeException($"{version.Uri} is not a dataset; its files can be read from {version.Path}.");
        var unknown = columns.Where(c => version.Fields.All(f => f.Name != c)).ToList();
        if (unknown.Count > 0)
            throw new LakeException($"{version.Uri} has no column {string.Join(", ", unknown)}; it has {string.Join(", ", version.Fields.Select(f => f.Name))}.");
        var reader = new LakeReader(version, columns.Count == 0 ? null : columns);
        try
        {
            foreach (var file in version.Files)
                reader._files.Add(ArrowFile.Open(Path.Combine(version.Path, file.Path)));
        }
        catch (Exception e) when (e is IOException or ArrowFormatException)
        {
            reader.Dispose();
            throw new LakeException($"{version.Uri} cannot be read: {e.Message}", e);
        }

        return reader;
    }

    /// <summary>All batches of all files, in order.</summary>
    public IEnumerable<RecordBatch> Batches()
    {
        foreach (var file in _files)
        {
            foreach (var batch in file.Batches())
                yield return _columns is null ? batch : batch.Select(_columns);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var file in _files)
            file.Dispose();
    }
}
