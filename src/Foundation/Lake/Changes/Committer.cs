using EventMl.Lake.Storage;

namespace EventMl.Lake.Changes;

/// <summary>Makes a change the next version: looks for the transaction, judges what others committed, notes the attempt, and creates the manifest.</summary>
internal sealed class Committer(LakeTable table, ILakeWriter writing, TimeProvider clock, Action<CommitStep> reached)
{
    /// <summary>Commits on top of the latest version, whatever it is.</summary>
    /// <param name="change">What to do.</param>
    /// <param name="txn">For whom.</param>
    /// <param name="read">The version that the work was based on; null when it was based on none.</param>
    /// <param name="isBlind">Whether what others committed since then does not matter.</param>
    /// <param name="ct">Stops the work.</param>
    public async Task<LakeVersion> CommitAsync(Change change, LakeTransaction txn, Manifest? read, bool isBlind, CancellationToken ct)
    {
        while (true)
        {
            var latest = await table.LatestAsync(ct);
            // Looking again in every round keeps a transaction that runs twice at once from making two versions.
            if (await table.Notes.FindAsync(txn.Id, ct) is { } done)
                return table.ToVersion(done);
            var meanwhile = await MeanwhileAsync(read, latest, ct);
            foreach (var other in isBlind ? [] : meanwhile)
                Conflicts.Check(change.Describe(), other);
            var draft = Draft(latest, txn, read);
            var manifest = await change.ApplyAsync(draft, latest?.Manifest, meanwhile, ct);
            if (latest is null)
                await table.MarkAsync(ct);
            await table.Notes.WriteAsync(txn.Id, manifest.Version, ct);
            reached(CommitStep.Noted);
            writing.EnsureAlive();
            if (await table.TryPublishAsync(manifest with { Change = change.Describe() }, ct) is { } stored)
            {
                reached(CommitStep.Published);
                return table.ToVersion(stored);
            }
        }
    }

    private async Task<List<Manifest>> MeanwhileAsync(Manifest? read, StoredManifest? latest, CancellationToken ct)
    {
        var meanwhile = new List<Manifest>();
        if (read is null || latest is null)
            return meanwhile;
        for (var version = read.Version + 1; version < latest.Manifest.Version; version++)
        {
            meanwhile.Add((await table.ReadAsync(version, ct))?.Manifest
                ?? throw Conflicts.Lost(LakeConflict.Retryable, table.Name, version, "that version was collected since, so nobody can say what it did"));
        }

        if (latest.Manifest.Version > read.Version)
            meanwhile.Add(latest.Manifest);
        return meanwhile;
    }

    private Manifest Draft(StoredManifest? latest, LakeTransaction txn, Manifest? read)
    {
        var version = (latest?.Manifest.Version ?? 0) + 1;
        var now = clock.GetUtcNow();
        var start = latest?.Manifest ?? new Manifest
        {
            Format = ManifestJson.CurrentFormat,
            Kind = table.Kind == LakeKind.Dataset ? "dataset" : "model",
            Name = table.Name,
            Version = 0,
            Txn = new ManifestTransaction("", ""),
            Timestamp = now,
            MaxFragmentId = -1,
            Stats = new ManifestStats(0, 0),
        };
        return start with
        {
            Format = ManifestJson.CurrentFormat,
            Version = version,
            Parent = latest?.Id,
            ReadVersion = read?.Version,
            Txn = new ManifestTransaction(txn.Id, txn.Operation, txn.Actor),
            Change = null,
            // A clock that was set back must not make time travel ambiguous.
            Timestamp = now > start.Timestamp ? now : start.Timestamp,
            NotedFrom = start.NotedFrom ?? version,
            Metadata = Change.Merge(start.Metadata, txn.Metadata),
            Root = null,
        };
    }
}
