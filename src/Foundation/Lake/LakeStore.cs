using System.Diagnostics.CodeAnalysis;
using EventMl.Lake.Changes;
using EventMl.Lake.Storage;

namespace EventMl.Lake;

/// <summary>
/// Datasets and models as immutable versions on a local disk or in an object store. Many processes may commit at once: a version exists from
/// the moment its manifest has its name, which only one writer can give it; a crash before leaves the last version as it was.
/// </summary>
[SuppressMessage("Design", "MA0049:Type name should not match containing namespace", Justification = "The field's term for the thing and for its parts.")]
public sealed partial class LakeStore
{
    private readonly LakeOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILakeStorage _storage;
    private readonly LocalFiles _local;
    private readonly string _root;
    private Action<CommitStep> _reached = static _ => { };

    /// <summary>A lake in the folder that the options name.</summary>
    public LakeStore(LakeOptions options, TimeProvider? clock = null)
        : this(options, new DiskStorage(Path.GetFullPath(options.Root), clock ?? TimeProvider.System), clock)
    {
    }

    /// <summary>A lake in a storage; what is remote is kept for a while in the folder that the options name.</summary>
    public LakeStore(LakeOptions options, ILakeStorage storage, TimeProvider? clock = null)
    {
        _options = options;
        _clock = clock ?? TimeProvider.System;
        _root = Path.GetFullPath(options.Root);
        _storage = storage;
        _local = storage.LocalPath("") is null ? new FetchedFiles(storage, Path.Combine(_root, "cache"), options.CacheBytes, _clock) : new DiskFiles(storage);
    }

    /// <summary>Tests stop a commit here by throwing.</summary>
    internal Action<CommitStep> Reached
    {
        get => _reached;
        set
        {
            _reached = value;
            if (_storage is DiskStorage disk)
                disk.Reached = (_, step) => value(step);
        }
    }

    /// <summary>
    /// Makes the files of a staging folder the next version: for a dataset its <c>*.arrow</c> files in ordinal order, for a model its whole tree.
    /// The files move into the lake. A transaction that was committed before gives back its version and leaves the staging folder alone.
    /// </summary>
    /// <exception cref="LakeException">The name, the folder or a file in it cannot be used; nothing was committed.</exception>
    /// <exception cref="LakeConflictException">The transaction names the version it read, and what was committed since does not go with it.</exception>
    public async Task<LakeVersion> CommitAsync(LakeKind kind, string name, string stagingFolder, LakeTransaction txn, CancellationToken ct = default)
    {
        var table = Table(kind, name, txn);
        if (await table.Notes.FindAsync(txn.Id, ct) is { } done)
            return table.ToVersion(done);
        if (!Directory.Exists(stagingFolder))
            throw new LakeException($"The staging folder {stagingFolder} does not exist.");
        await using var writing = await AnnounceAsync(table, ct);
        Reached(CommitStep.Started);
        var latest = (await table.LatestAsync(ct))?.Manifest;
        var staged = kind == LakeKind.Dataset ? await StagedFiles.ReadDatasetAsync(stagingFolder, latest, ct) : await StagedFiles.ReadModelAsync(stagingFolder, latest, ct);
        foreach (var file in staged.Files.Where(f => f.IsNew))
        {
            await _storage.StoreAsync($"{table.Folder}/{file.Target}", file.Source, ct);
            Reached(CommitStep.FileStored);
        }

        Reached(CommitStep.DataStored);
        var start = txn.ReadVersion is null ? latest : await ReadAsync(table, txn.ReadVersion, ct);
        var version = await Committer(table, writing).CommitAsync(new StagedChange(staged, txn, start), txn, start, isBlind: txn.ReadVersion is null, ct);
        // Only now may the staging folder go: until the manifest has its name, a retry needs all of it.
        foreach (var file in staged.Files)
            File.Delete(file.Source);
        Reached(CommitStep.StagingRemoved);
        return version;
    }

    /// <summary>A version, or the latest one; null when there is none.</summary>
    /// <exception cref="LakeException">The name is not allowed or the manifest is damaged.</exception>
    public async Task<LakeVersion?> GetAsync(LakeKind kind, string name, long? version = null, CancellationToken ct = default)
    {
        var table = Table(kind, name);
        if (version is < 1)
            return null;
        if ((version ?? await table.LatestVersionAsync(ct)) is not { } wanted)
            return null;
        return await table.ReadAsync(wanted, ct) is { } stored ? table.ToVersion(stored) : null;
    }

    /// <summary>All versions, newest first; empty when there is no such dataset or model.</summary>
    /// <exception cref="LakeException">The name is not allowed or a manifest is damaged.</exception>
    public async Task<IReadOnlyList<LakeVersion>> ListVersionsAsync(LakeKind kind, string name, CancellationToken ct = default)
    {
        var table = Table(kind, name);
        var versions = new List<LakeVersion>();
        await foreach (var stored in table.ManifestsAsync(ct))
            versions.Add(table.ToVersion(stored));
        return versions;
    }

    /// <summary>The version that a transaction made, or null; the number of versions does not matter for the time it takes.</summary>
    /// <exception cref="LakeException">The name is not allowed or a manifest is damaged.</exception>
    public async Task<LakeVersion?> FindByTransactionAsync(LakeKind kind, string name, string txnId, CancellationToken ct = default)
    {
        var table = Table(kind, name);
        return await table.Notes.FindAsync(txnId, ct) is { } stored ? table.ToVersion(stored) : null;
    }

    /// <summary>Whether every file of a version is there with the bytes that were committed.</summary>
    public async Task<bool> VerifyAsync(LakeVersion version, CancellationToken ct = default)
    {
        var (table, manifest) = Content(version);
        foreach (var (path, file) in manifest.Files(table.Folder))
        {
            try
            {
                await using var stream = await _storage.OpenAsync(path, ct);
                if (await DurableFiles.HashAsync(stream, ct) != (file.Sha256, file.Bytes))
                    return false;
            }
            catch (LakeException)
            {
                return false;
            }
        }

        return true;
    }

    internal static (LakeTable Table, Manifest Manifest) Content(LakeVersion version) =>
        (version.Table ?? throw new LakeException($"{version.Uri} was not read from a lake."), version.Stored!.Manifest);

    private Committer Committer(LakeTable table, ILakeWriter writing) => new(table, writing, _clock, Reached);

    // Announced before anything is looked at, so that collection keeps what the work may need.
    private async Task<ILakeWriter> AnnounceAsync(LakeTable table, CancellationToken ct)
    {
        var writing = await _storage.AnnounceWriterAsync(table.Folder, ct);
        if (await _storage.ReadAsync(PurgeMark(table), ct) is null)
            return writing;
        await writing.DisposeAsync();
        throw new LakeException($"'{table.Name}' is being purged; try again when that is done, or purge it again if it was interrupted.");
    }

    private static string PurgeMark(LakeTable table) => table.Folder + "/_purging";

    private static async Task<Manifest> ReadAsync(LakeTable table, long? version, CancellationToken ct)
    {
        var found = version is { } wanted ? (wanted < 1 ? null : await table.ReadAsync(wanted, ct)) : await table.LatestAsync(ct);
        return found?.Manifest ?? throw new LakeException(version is null
            ? $"There is no {(table.Kind == LakeKind.Dataset ? "dataset" : "model")} '{table.Name}' in the lake."
            : $"'{table.Name}' has no version {version}; it was never there, or it was collected.");
    }

    private LakeTable Table(LakeKind kind, string name, LakeTransaction? txn = null)
    {
        if (txn is not null && string.IsNullOrWhiteSpace(txn.Id))
            throw new LakeException("A commit needs a transaction id, for instance that of the task.");
        LakeNames.Check(name);
        return new LakeTable(_storage, _local, kind, name);
    }
}
