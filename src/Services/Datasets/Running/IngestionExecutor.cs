using System.Text.Json;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Lake;
using EventMl.Tasks;

namespace EventMl.Datasets.Running;

/// <summary>Does one ingestion: raw data in, a dataset version out.</summary>
internal sealed class IngestionExecutor(TaskTools tools, DatasetsJobs jobs) : TaskExecutor<IngestionTask>(tools, jobs.Queue, jobs.Progress)
{
    public const string JobKind = "ingest";

    public override string Kind => JobKind;

    protected override Task<Decision> StartAsync(IngestionTask task, JobLease lease, LedgerTransaction transaction) =>
        Task.FromResult(task.Start(lease.Id, lease.Attempt, lease.Owner, transaction.Now));

    protected override Task<Preparation> PrepareAsync(TaskAttempt<IngestionTask> attempt, CancellationToken cancellationToken)
    {
        var request = attempt.Task.Request!;
        return Task.FromResult(Preparation.Of(new TaskWork(
            request.Script, Tools.Commands.ResolveInput(request.Input), request.Params, Extra: default, request.TimeoutSeconds)));
    }

    protected override (LakeKind Kind, string Name) Output(IngestionTask task) => (LakeKind.Dataset, task.Request!.Output);

    protected override async Task<Decision> CompleteAsync(
        IngestionTask task, TaskAttempt<IngestionTask> attempt, LakeVersion version, JsonElement stats, LedgerTransaction transaction)
    {
        var lease = attempt.Lease;
        var decision = task.Complete(lease.Id, lease.Attempt, version.Version, stats, transaction.Now);
        if (decision.Events.Count > 0)
        {
            var dataset = await transaction.LoadAsync<Dataset>(version.Name);
            await transaction.AppendAsync(dataset, dataset.State.Ingest(Describe(version, lease, stats, transaction.Now)).Events, attempt.Metadata);
        }

        return decision;
    }

    private static DataIngested Describe(LakeVersion version, JobLease lease, JsonElement stats, DateTimeOffset now) => new(
        version.Name, version.Version, lease.Id, lease.Attempt, version.Uri, version.Id, version.Path,
        [.. version.Fields.Select(f => new DatasetField(f.Name, f.Type, f.Nullable))], version.NumRows, version.SizeBytes, stats, now);
}
