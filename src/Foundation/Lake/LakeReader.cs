using EventMl.Arrow;
using EventMl.Lake.Data;
using EventMl.Lake.Storage;

namespace EventMl.Lake;

/// <summary>
/// Reads the rows of a dataset version from memory-mapped files. Only the bytes of the columns that were asked for are read; deleted rows are
/// left out, and a column that some rows were never given is null there.
/// </summary>
public sealed class LakeReader : IDisposable
{
    private readonly List<FragmentReader> _fragments = [];

    private LakeReader(LakeVersion version) => Version = version;

    /// <summary>The version that is read.</summary>
    public LakeVersion Version { get; }

    /// <summary>Rows of all batches.</summary>
    public long RowCount => Version.NumRows;

    /// <summary>Opens all files of a dataset version at once; with <paramref name="columns"/> only those are offered.</summary>
    /// <exception cref="LakeException">It is no dataset, it is not on a local disk, a column does not exist, or a file is missing or damaged.</exception>
    public static LakeReader Open(LakeVersion version, params IReadOnlyList<string> columns)
    {
        var (table, manifest) = DatasetOf(version);
        if (table.Local is not DiskFiles)
            throw new LakeException($"{version.Uri} is not on a local disk; read it with StreamAsync or OpenAsync.");
        // Nothing waits here: what is on a disk is opened at once.
        return OpenAsync(version, table, manifest, columns, CancellationToken.None).GetAwaiter().GetResult();
    }

    /// <summary>Opens all files of a dataset version at once, fetching what is remote; with <paramref name="columns"/> only those are offered.</summary>
    /// <exception cref="LakeException">It is no dataset, a column does not exist, or a file is missing or damaged.</exception>
    public static Task<LakeReader> OpenAsync(LakeVersion version, IReadOnlyList<string>? columns = null, CancellationToken ct = default)
    {
        var (table, manifest) = DatasetOf(version);
        return OpenAsync(version, table, manifest, columns ?? [], ct);
    }

    /// <summary>All batches of all files, in order; valid until this object is disposed.</summary>
    public IEnumerable<RecordBatch> Batches()
    {
        foreach (var fragment in _fragments)
        {
            for (var i = 0; i < fragment.BatchCount; i++)
            {
                if (fragment.Live(i) is { } batch)
                    yield return batch;
            }
        }
    }

    /// <summary>The rows in order with one fragment's files open at a time, so memory stays bounded; each batch is valid until the next is asked for.</summary>
    /// <exception cref="LakeException">It is no dataset, a column does not exist, or a file is missing or damaged.</exception>
    public static async IAsyncEnumerable<LakeRows> StreamAsync(
        LakeVersion version, IReadOnlyList<string>? columns = null, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct = default)
    {
        var (table, manifest) = DatasetOf(version);
        var wanted = (await DatasetSchema.ReadAsync(table, manifest, ct)).Select(columns ?? [], version.Uri);
        foreach (var fragment in manifest.Fragments)
        {
            using var reader = await FragmentReader.OpenAsync(table, manifest, fragment, wanted, ct);
            for (var i = 0; i < reader.BatchCount; i++)
            {
                ct.ThrowIfCancellationRequested();
                if (reader.Live(i) is { Length: > 0 } batch)
                    yield return new LakeRows(batch, reader, i);
            }
        }
    }

    /// <summary>The rows with these ids, in the order of the ids.</summary>
    /// <exception cref="LakeException">A row does not exist in the version, a column does not, or a file is missing or damaged.</exception>
    public static async Task<RecordBatch> TakeAsync(LakeVersion version, IReadOnlyList<long> rowIds, IReadOnlyList<string>? columns = null, CancellationToken ct = default)
    {
        var (table, manifest) = DatasetOf(version);
        var wanted = (await DatasetSchema.ReadAsync(table, manifest, ct)).Select(columns ?? [], version.Uri);
        using var rows = new RowLookup(table, manifest, wanted);
        return await rows.TakeAsync(rowIds, version.Uri, ct);
    }

    /// <inheritdoc />
    public void Dispose() => _fragments.ForEach(f => f.Dispose());

    internal static (LakeTable Table, Manifest Manifest) DatasetOf(LakeVersion version) => version.Kind == LakeKind.Dataset
        ? (version.Table ?? throw new LakeException($"{version.Uri} was not read from a lake."), version.Stored!.Manifest)
        : throw new LakeException($"{version.Uri} is not a dataset; its files can be read from {version.Path}.");

    private static async Task<LakeReader> OpenAsync(LakeVersion version, LakeTable table, Manifest manifest, IReadOnlyList<string> columns, CancellationToken ct)
    {
        // The names first: with them a wrong column is told without a look at any file.
        var unknown = columns.Where(c => version.Fields.All(f => f.Name != c)).ToList();
        if (unknown.Count > 0)
            throw new LakeException($"{version.Uri} has no column {string.Join(", ", unknown)}; it has {string.Join(", ", version.Fields.Select(f => f.Name))}.");
        var reader = new LakeReader(version);
        try
        {
            var wanted = (await DatasetSchema.ReadAsync(table, manifest, ct)).Select(columns, version.Uri);
            foreach (var fragment in manifest.Fragments)
                reader._fragments.Add(await FragmentReader.OpenAsync(table, manifest, fragment, wanted, ct));
        }
        catch (Exception e) when (e is IOException or ArrowFormatException)
        {
            reader.Dispose();
            throw new LakeException($"{version.Uri} cannot be read: {e.Message}", e);
        }
        catch
        {
            reader.Dispose();
            throw;
        }

        return reader;
    }
}

/// <summary>Some rows of a dataset version with their stable ids.</summary>
public sealed class LakeRows
{
    private readonly Lazy<long[]> _ids;

    internal LakeRows(RecordBatch batch, FragmentReader reader, int index)
    {
        Batch = batch;
        _ids = new Lazy<long[]>(() => reader.LiveIds(index));
    }

    /// <summary>The columns that were asked for.</summary>
    public RecordBatch Batch { get; }

    /// <summary>The id of each row of <see cref="Batch"/>, ascending; a row keeps its id in all later versions, and in clones.</summary>
    public IReadOnlyList<long> RowIds => _ids.Value;
}
