using System.Diagnostics.CodeAnalysis;
using EventMl.Lake.Storage;

namespace EventMl.Lake;

/// <summary>
/// Datasets and models as immutable versions in a local folder. Many processes may commit at once: a version exists from the moment its
/// manifest has its name, which only one writer can give it; a crash before leaves the last version as it was.
/// </summary>
[SuppressMessage("Design", "MA0049:Type name should not match containing namespace", Justification = "The field's term for the thing and for its parts.")]
public sealed partial class LakeStore
{
    private readonly LakeOptions _options;
    private readonly TimeProvider _clock;
    private readonly string _root;

    /// <summary>A lake in the folder that the options name.</summary>
    public LakeStore(LakeOptions options, TimeProvider? clock = null)
    {
        _options = options;
        _clock = clock ?? TimeProvider.System;
        _root = Path.GetFullPath(options.Root);
    }

    /// <summary>Tests stop a commit here by throwing.</summary>
    internal Action<CommitStep> Reached { get; set; } = static _ => { };

    /// <summary>
    /// Makes the files of a staging folder the next version: for a dataset its <c>*.arrow</c> files in ordinal order, for a model its whole tree.
    /// The files move into the lake. A transaction that was committed before gives back its version and leaves the staging folder alone.
    /// </summary>
    /// <exception cref="LakeException">The name, the folder or a file in it cannot be used; nothing was committed.</exception>
    public async Task<LakeVersion> CommitAsync(LakeKind kind, string name, string stagingFolder, LakeTransaction txn, CancellationToken ct = default)
    {
        if (string.IsNullOrWhiteSpace(txn.Id))
            throw new LakeException("A commit needs a transaction id, for instance that of the task.");
        var table = Table(kind, name);
        if (await FindAsync(table, txn.Id, ct) is { } done)
            return done;
        if (!Directory.Exists(stagingFolder))
            throw new LakeException($"The staging folder {stagingFolder} does not exist.");
        var staged = kind == LakeKind.Dataset ? await StagedFiles.ReadDatasetAsync(stagingFolder, ct) : await StagedFiles.ReadModelAsync(stagingFolder, ct);
        table.Create();
        using var held = await table.LockSharedAsync(ct);
        Reached(CommitStep.Started);
        await StoreAsync(table, staged, ct);
        Reached(CommitStep.DataStored);
        var version = await PublishAsync(table, staged, txn, ct);
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
        if ((version ?? table.LatestVersion()) is not { } wanted)
            return null;
        return await table.ReadAsync(wanted, ct) is { } stored ? table.ToVersion(stored) : null;
    }

    /// <summary>All versions, newest first; empty when there is no such dataset or model.</summary>
    /// <exception cref="LakeException">The name is not allowed or a manifest is damaged.</exception>
    public async Task<IReadOnlyList<LakeVersion>> ListVersionsAsync(LakeKind kind, string name, CancellationToken ct = default)
    {
        var table = Table(kind, name);
        var versions = new List<LakeVersion>();
        foreach (var version in table.Versions())
        {
            if (await table.ReadAsync(version, ct) is { } stored)
                versions.Add(table.ToVersion(stored));
        }

        return versions;
    }

    /// <summary>The version that a transaction made, or null.</summary>
    /// <exception cref="LakeException">The name is not allowed or a manifest is damaged.</exception>
    public Task<LakeVersion?> FindByTransactionAsync(LakeKind kind, string name, string txnId, CancellationToken ct = default) => FindAsync(Table(kind, name), txnId, ct);

    /// <summary>Whether every file of a version is there with the bytes that were committed.</summary>
    [SuppressMessage("Performance", "CA1822:Mark members as static", Justification = "A lake elsewhere needs its connection for this.")]
    public async Task<bool> VerifyAsync(LakeVersion version, CancellationToken ct = default)
    {
        foreach (var file in version.Files)
        {
            var path = Path.Combine(version.Path, file.Path);
            if (!File.Exists(path) || new FileInfo(path).Length != file.Bytes || await DurableFiles.HashAsync(path, ct) != file.Sha256)
                return false;
        }

        return true;
    }

    private static async Task<LakeVersion?> FindAsync(LakeTable table, string txnId, CancellationToken ct)
    {
        foreach (var version in table.Versions())
        {
            if (await table.ReadAsync(version, ct) is { } stored && stored.Manifest.Txn.Id == txnId)
                return table.ToVersion(stored);
        }

        return null;
    }

    private async Task<LakeVersion> PublishAsync(LakeTable table, StagedFiles staged, LakeTransaction txn, CancellationToken ct)
    {
        while (true)
        {
            // Looking again in every round keeps a transaction that runs twice at once from making two versions.
            var latest = table.LatestVersion() is { } v ? await table.ReadAsync(v, ct) : null;
            if (await FindAsync(table, txn.Id, ct) is { } done)
                return done;
            var manifest = ManifestBuilder.Next(table, latest, staged, txn, _clock.GetUtcNow());
            if (table.TryPublish(manifest, Reached) is { } stored)
                return table.ToVersion(stored);
        }
    }

    private async Task StoreAsync(LakeTable table, StagedFiles staged, CancellationToken ct)
    {
        var folders = new HashSet<string>(StringComparer.Ordinal) { table.DataFolder };
        foreach (var file in staged.Files)
        {
            var target = Path.Combine(table.Folder, file.Target);
            for (var parent = Path.GetDirectoryName(target)!; folders.Add(parent); parent = Path.GetDirectoryName(parent)!)
                Directory.CreateDirectory(parent);
            DurableFiles.Seal(file.Source);
            Reached(CommitStep.FileSealed);
            await StoreAsync(file, target, ct);
            Reached(CommitStep.FileStored);
        }

        foreach (var folder in folders)
            DurableFiles.FlushFolder(folder);
    }

    private async Task StoreAsync(StagedFile file, string target, CancellationToken ct)
    {
        var stored = DurableFiles.TryLink(file.Source, target, out _);
        if (!stored && !(File.Exists(target) && new FileInfo(target).Length == file.Bytes && await DurableFiles.HashAsync(target, ct) == file.Sha256))
        {
            // Another file system, or a damaged file under the name that only these bytes may have.
            var temporary = Path.Combine(Path.GetDirectoryName(target)!, LakeTable.TemporaryPrefix + Path.GetRandomFileName());
            File.Copy(file.Source, temporary);
            DurableFiles.Seal(temporary);
            File.Move(temporary, target, overwrite: true);
        }

        // A file that is used again counts as new, so that collection leaves it alone.
        File.SetLastWriteTimeUtc(target, _clock.GetUtcNow().UtcDateTime);
    }

    private LakeTable Table(LakeKind kind, string name)
    {
        LakeNames.Check(name);
        return new LakeTable(kind, name, Path.Combine(_root, LakeNames.Folder(kind), name));
    }
}
