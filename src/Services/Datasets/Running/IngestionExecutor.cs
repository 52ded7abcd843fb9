using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Data;
using EventMl.Data.Sources;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Lake;
using EventMl.Tasks;

namespace EventMl.Datasets.Running;

/// <summary>Does one ingestion: raw data in, a dataset version out.</summary>
internal sealed class IngestionExecutor(TaskTools tools, DatasetsJobs jobs, IngestionSources sources) : TaskExecutor<IngestionTask>(tools, jobs.Queue, jobs.Progress)
{
    public const string JobKind = "ingest";

    public override string Kind => JobKind;

    protected override Task<Decision> StartAsync(IngestionTask task, JobLease lease, LedgerTransaction transaction) =>
        Task.FromResult(task.Start(lease.Id, lease.Attempt, lease.Owner, transaction.Now));

    protected override async Task<Preparation> PrepareAsync(TaskAttempt<IngestionTask> attempt, CancellationToken cancellationToken)
    {
        var request = attempt.Task.Request!;
        var input = request.Input.Length == 0 ? "" : Tools.Commands.ResolveInput(request.Input);
        if (request.Source is null)
        {
            return Preparation.Of(new TaskWork(request.Script, input, request.Params, Extra: default, request.TimeoutSeconds));
        }

        SourceRequest asked;
        try
        {
            asked = SourceRequest.Parse(request.Source, request.Params);
        }
        catch (SourceException e)
        {
            // Accepted by an earlier program, whose door knew fewer options.
            return Preparation.Failed(ErrorCodes.ScriptFailed, e.Message);
        }

        if (asked.Connection is { } name && !sources.Connections.ContainsKey(name))
        {
            return Preparation.Failed(ErrorCodes.ScriptFailed, $"This worker has no connection '{name}'; add it to EVENTML_SOURCE_CONNECTIONS.");
        }

        var latest = asked.IsAppend ? await Tools.Lake.GetAsync(LakeKind.Dataset, request.Output, ct: cancellationToken) : null;
        var extra = new IngestExtra(
            request.Source, asked.Connection is null ? null : sources.Connections[asked.Connection],
            (latest?.Fields ?? []).ToDictionary(f => f.Name, f => f.Type, StringComparer.Ordinal));
        return Preparation.Of(new TaskWork(null, input, request.Params, JsonSerializer.SerializeToElement(extra, IngestExtra.Json), request.TimeoutSeconds));
    }

    protected override string Operation(IngestionTask task) => Asked(task) is { IsAppend: true } ? LakeTransaction.Append : Kind;

    protected override async Task<JsonElement> KeepBesideAsync(TaskAttempt<IngestionTask> attempt, JsonElement stats)
    {
        var (task, lease) = (attempt.Task, attempt.Lease);
        var folder = Path.Combine(attempt.Folder.Output, "quarantine");
        if (task.Request!.Source is null || !Directory.Exists(folder))
        {
            return stats;
        }

        var kept = await Tools.Lake.CommitAsync(
            LakeKind.Dataset, QuarantineNames.Of(task.Request.Output), folder, new LakeTransaction(lease.Id, LakeTransaction.Append, attempt.Metadata.Actor));
        var all = JsonObject.Create(stats)!;
        all["quarantine"] = kept.Uri;
        return JsonSerializer.SerializeToElement(all);
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

    private static SourceRequest? Asked(IngestionTask task) => task.Request!.Source is { } source ? SourceRequest.Parse(source, task.Request.Params) : null;

    private static DataIngested Describe(LakeVersion version, JobLease lease, JsonElement stats, DateTimeOffset now) => new(
        version.Name, version.Version, lease.Id, lease.Attempt, version.Uri, version.Id, version.Path,
        [.. version.Fields.Select(f => new DatasetField(f.Name, f.Type, f.Nullable))], version.NumRows, version.SizeBytes, stats, now);
}
