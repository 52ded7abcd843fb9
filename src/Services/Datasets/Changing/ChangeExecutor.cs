using System.Text.Json;
using EventMl.Arrow;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Datasets.Collecting;
using EventMl.Datasets.Importing;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Lake;

namespace EventMl.Datasets.Changing;

/// <summary>Does one change of a dataset: first the lake, then one ledger transaction that makes the outcome true. No user's code and no native code runs in it.</summary>
internal sealed class ChangeExecutor(Ledger ledger, LakeStore lake, LakeChanges changes, SentArchives sent, DatasetsJobs jobs) : IJobExecutor
{
    public string Kind => DatasetChanges.JobKind;

    public async Task ExecuteAsync(JobLease lease, JobControl control, CancellationToken cancellationToken)
    {
        var dataset = lease.Payload.Deserialize<DatasetChangeJob>(LedgerJson.Options)!.Dataset;
        var asked = (await ledger.LoadAsync<Dataset>(dataset, cancellationToken)).State.PendingOf(lease.Id);
        var outcome = asked is null ? null : await OutcomeAsync(asked, lease, cancellationToken);
        if (control.MustLeave)
        {
            return;
        }

        await ledger.InTransactionAsync(
            async transaction =>
            {
                await jobs.Changes.FinishAsync(transaction, lease, CancellationToken.None);
                var loaded = await transaction.LoadAsync<Dataset>(dataset, CancellationToken.None);
                var decision = outcome is null ? Decision.Nothing : loaded.State.End(lease.Id, outcome);
                await transaction.AppendAsync(loaded, decision.Events, JobOrigin.MetadataOf(lease), CancellationToken.None);
                return true;
            },
            CancellationToken.None);
        if (asked?.Change.Upload is { } upload)
        {
            sent.Delete(upload);
        }
    }

    private async Task<object> OutcomeAsync(DatasetChangeRequested asked, JobLease lease, CancellationToken cancellationToken)
    {
        try
        {
            if (asked.Change.Operation == DatasetOperations.CollectGarbage)
            {
                return await CollectAsync(asked, lease, cancellationToken);
            }

            var (version, reason) = await changes.MakeAsync(asked, cancellationToken);
            return version is null ? new DatasetLeftUnchanged(asked.Dataset, asked.ChangeId, reason!, ledger.Now) : Committed(asked, version);
        }
        catch (LakeConflictException e)
        {
            return Failed(asked, ErrorCodes.DatasetConflict, e.Message);
        }
        catch (ArrowFormatException e)
        {
            return Failed(asked, ErrorCodes.InternalError, $"A file of the dataset is damaged; restore it from a backup. {e.Message}");
        }
        catch (LakeException e)
        {
            return Failed(asked, ErrorCodes.InvalidRequest, e.Message);
        }
    }

    /// <summary>Versions cease to exist in the ledger first, with its stream locked against who begins to use them; then their bytes go.</summary>
    private async Task<object> CollectAsync(DatasetChangeRequested asked, JobLease lease, CancellationToken cancellationToken)
    {
        var expired = await ledger.InTransactionAsync(
            async transaction =>
            {
                await jobs.Changes.HoldAsync(transaction, lease, cancellationToken);
                var dataset = await transaction.LoadAsync<Dataset>(asked.Dataset, cancellationToken);
                var used = await VersionsInUse.FindAsync(transaction, asked.Dataset, cancellationToken);
                var decision = dataset.State.Expire(asked, used, transaction.Now);
                await transaction.AppendAsync(dataset, decision.Events, JobOrigin.MetadataOf(lease), cancellationToken);
                return decision.Events.Aggregate(dataset.State, (state, e) => state.Evolve(e)).Expired;
            },
            cancellationToken);
        var grace = asked.Change.GraceSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
        var collected = await lake.CollectAsync(new LakeRetention { GracePeriod = grace, Expired = [.. expired.Select(v => (LakeKind.Dataset, asked.Dataset, v))] }, cancellationToken);
        return new DatasetGarbageCollected(asked.Dataset, asked.ChangeId, collected.Files, collected.Bytes, ledger.Now);
    }

    private static DatasetVersionCommitted Committed(DatasetChangeRequested asked, LakeVersion version) => new(
        version.Name, version.Version, asked.ChangeId, asked.Change.Operation, version.Uri, version.Id, version.Path,
        DatasetFields.Of(version), version.NumRows, version.SizeBytes, version.BytesWritten, version.CreatedAt);

    private DatasetChangeFailed Failed(DatasetChangeRequested asked, string code, string message) =>
        new(asked.Dataset, asked.ChangeId, new TaskError(code, message), ledger.Now);
}

/// <summary>A version's columns in the words of the ledger.</summary>
internal static class DatasetFields
{
    public static IReadOnlyList<DatasetField> Of(LakeVersion version) => [.. version.Fields.Select(f => new DatasetField(f.Name, f.Type, f.Nullable))];
}
