using System.Formats.Tar;
using EventMl.Lake.Archive;
using EventMl.Lake.Changes;
using EventMl.Lake.Storage;

namespace EventMl.Lake;

/// <content>Dataset versions as one file that goes from lake to lake.</content>
public sealed partial class LakeStore
{
    private const int MaxArchiveFiles = 1_000_000;

    /// <summary>
    /// Writes a dataset version as a tar archive: first its manifest, which names every byte, then the files it names, all under their paths in the lake,
    /// so that any program that unpacks it finds Arrow files. The archive of a version is the same whenever it is made.
    /// </summary>
    /// <exception cref="LakeException">It is no dataset, or a file is missing.</exception>
    public async Task ExportAsync(LakeVersion version, Stream target, CancellationToken ct = default)
    {
        var (table, manifest) = LakeReader.DatasetOf(version);
        await using var reading = await AnnounceAsync(table, ct);
        await using var held = await HoldAsync(table, version.Version, ct);
        var path = table.ManifestPath(version.Version);
        var bytes = await _storage.ReadAsync(path, ct) ?? throw new LakeException($"{version.Uri} was collected meanwhile; choose another version.");
        await using var tar = new TarWriter(target, TarEntryFormat.Pax, leaveOpen: true);
        await WriteEntryAsync(tar, path, new MemoryStream(bytes), version, ct);
        foreach (var (name, file) in manifest.Files(table.Folder).DistinctBy(f => f.Path))
        {
            var local = await _local.GetAsync(name, file.Bytes, null, ct);
            if (!File.Exists(local))
                throw new LakeException($"{local} is missing; restore it from a backup.");
            await WriteEntryAsync(tar, name, File.OpenRead(local), version, ct);
        }
    }

    /// <summary>
    /// Makes an exported archive a dataset version again. Under its own name it keeps its number and its id, and importing it again changes nothing;
    /// under another name it becomes that dataset's first version, with the same rows and row ids. Every byte is checked before anything can be seen.
    /// </summary>
    /// <param name="archive">The archive; it must be seekable.</param>
    /// <param name="name">Name of the dataset, which must be free.</param>
    /// <param name="txn">For whom.</param>
    /// <param name="maxBytes">How many bytes its files may have.</param>
    /// <param name="ct">Stops the work.</param>
    /// <exception cref="LakeException">The name is taken, or the archive is not one, is damaged or too large; the lake is as it was.</exception>
    public async Task<LakeVersion> ImportAsync(Stream archive, string name, LakeTransaction txn, long maxBytes, CancellationToken ct = default)
    {
        var table = Table(LakeKind.Dataset, name, txn);
        if (await table.Notes.FindAsync(txn.Id, ct) is { } done)
            return table.ToVersion(done);
        var entries = await new TarIndex(archive, MaxArchiveFiles).ReadAsync(ct);
        var content = await ArchiveImport.ReadManifestAsync(archive, entries, ct);
        ArchiveImport.Check(content, entries, maxBytes);
        var isOwnName = content.Manifest.Name == name;
        if (isOwnName && await table.ReadAsync(content.Manifest.Version, ct) is { } standing && standing.Id == content.Stored.Id)
            return table.ToVersion(standing);
        if (await table.LatestVersionAsync(ct) is not null)
            throw new LakeException($"The lake holds versions of '{name}' already; import under a name that is free.");
        await using var writing = await AnnounceAsync(table, ct);
        await using var import = new ArchiveImport(_storage, Path.Combine(_root, WorkFolder, Path.GetRandomFileName()));
        var manifest = isOwnName ? content.Manifest : Moved(content);
        foreach (var entry in entries.Skip(1))
        {
            var file = content.Files[entry.Name];
            await import.StoreAsync(archive, entry, file, isOwnName ? entry.Name : $"{table.Folder}/{MovedPath(entry.Name)}", ct);
        }

        await ReadThroughAsync(table.ToVersion(new StoredManifest(manifest, content.Stored.Id)), ct);
        import.Keep();
        return isOwnName
            ? await PublishAsync(table, content, writing, ct)
            : await Committer(table, writing).CommitAsync(new ImportChange(manifest), txn with { Metadata = Imported(txn, content) }, null, isBlind: true, ct);
    }

    private static Task WriteEntryAsync(TarWriter tar, string name, Stream bytes, LakeVersion version, CancellationToken ct) =>
        tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = bytes, ModificationTime = version.CreatedAt }, ct);

    private static async Task<LakeVersion> PublishAsync(LakeTable table, ArchiveContent content, ILakeWriter writing, CancellationToken ct)
    {
        var version = content.Manifest.Version;
        await table.MarkAsync(ct);
        await table.Notes.WriteAsync(content.Manifest.Txn.Id, version, ct);
        writing.EnsureAlive();
        return await table.Storage.TryCreateAsync(table.ManifestPath(version), content.Bytes, ct) || (await table.ReadAsync(version, ct))?.Id == content.Stored.Id
            ? table.ToVersion(content.Stored)
            : throw new LakeConflictException(LakeConflict.Incompatible, $"'{table.Name}' got a version {version} meanwhile; import under a name that is free.");
    }

    // The manifest with the files of all its folders in one; their names are never used twice, so they do not meet.
    private static Manifest Moved(ArchiveContent content)
    {
        var manifest = content.Manifest;
        return manifest with
        {
            Bases = null,
            Fragments = [.. manifest.Fragments.Select(f => f with
            {
                Files = [.. f.Files.Select(file => file with { Base = null })],
                RowIds = f.RowIds is { } ids ? ids with { Base = null } : null,
                Deletion = f.Deletion is { } deletion ? deletion with { Base = null } : null,
            })],
        };
    }

    private static string MovedPath(string path) => path[(path.IndexOf('/', path.IndexOf('/', StringComparison.Ordinal) + 1) + 1)..];

    private static Dictionary<string, string> Imported(LakeTransaction txn, ArchiveContent content) => new(txn.Metadata, StringComparer.Ordinal)
    {
        ["imported_from"] = $"lake://datasets/{content.Manifest.Name}@{content.Manifest.Version}",
        ["imported_root"] = content.Stored.Id,
    };

    // Hashes say that the files are those of the manifest, not that both make sense: whoever made the archive made both.
    private static async Task ReadThroughAsync(LakeVersion version, CancellationToken ct)
    {
        try
        {
            long rows = 0;
            await foreach (var batch in LakeReader.StreamAsync(version, null, ct))
                rows += batch.RowIds.Count;
            if (rows != version.NumRows)
                throw ArchiveContent.Refused($"its files hold {rows} rows; the manifest says {version.NumRows}");
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidOperationException or IndexOutOfRangeException or OverflowException or InvalidCastException or KeyNotFoundException)
        {
            throw ArchiveContent.Refused($"its files and its manifest do not go together ({e.Message.TrimEnd('.')})", e);
        }
    }
}
