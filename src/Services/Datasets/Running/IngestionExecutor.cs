using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Jobs.Scripts;
using EventMl.Lake;
using Microsoft.Extensions.Logging;

namespace EventMl.Datasets.Running;

/// <summary>Does one ingestion: child process, lake commit, then one ledger transaction that makes the version exist.</summary>
internal sealed class IngestionExecutor(
    Ledger ledger, DatasetsJobs jobs, LakeStore lake, ScriptProcess process, TaskCommands commands, TaskFolders folders, TimeProvider clock, ILogger<IngestionExecutor> logger)
    : IJobExecutor
{
    public const string JobKind = "ingest";

    public string Kind => JobKind;

    public async Task ExecuteAsync(JobLease lease, JobControl control, CancellationToken cancellationToken)
    {
        var metadata = JobOrigin.MetadataOf(lease);
        if (await StartAsync(lease, metadata) is not { } request)
        {
            return;
        }

        var folder = folders.Prepare(lease);
        try
        {
            var outcome = await RunAsync(lease, request, folder, cancellationToken);
            if (!control.MustLeave)
            {
                await EndAsync(lease, metadata, request, folder, outcome.WithCancelCode(control.CancelCode));
            }
        }
        catch (JobFencedException e)
        {
            logger.LogWarning("Ingestion {TaskId}: {Reason}", lease.Id, e.Message);
        }
        finally
        {
            folder.DiscardAttempt();
        }
    }

    private Task<IngestionRequested?> StartAsync(JobLease lease, EventMetadata metadata) => ledger.InTransactionAsync(async transaction =>
    {
        await jobs.Queue.HoldAsync(transaction, lease);
        var task = await transaction.LoadAsync<IngestionTask>(lease.Id);
        var decision = task.State.Start(lease.Id, lease.Attempt, lease.Owner, transaction.Now);
        if (decision.Events.Count == 0)
        {
            await jobs.Queue.FinishAsync(transaction, lease);
            return null;
        }

        await transaction.AppendAsync(task, decision.Events, metadata);
        return task.State.Request;
    });

    private async Task<ScriptOutcome> RunAsync(JobLease lease, IngestionRequested request, TaskFolder folder, CancellationToken cancellationToken)
    {
        var (command, failure) = await commands.CreateAsync(request.Script, JobKind, new ScriptRequest
        {
            TaskId = lease.Id,
            Attempt = lease.Attempt,
            InputPath = commands.ResolveInput(request.Input),
            OutputPath = folder.Output,
            CheckpointPath = folder.Checkpoints,
            WorkPath = folder.Path,
            Params = request.Params,
        }, cancellationToken);
        if (command is null)
        {
            return failure!;
        }

        var throttle = new Throttle(TimeSpan.FromSeconds(0.5), clock);
        return await process.RunAsync(
            command,
            message => message is ScriptProgress p && (throttle.TryPass() || p.Done == p.Total)
                ? jobs.Progress.ReportAsync(lease, new JobProgress(p.Done, p.Total, p.Text))
                : Task.CompletedTask,
            TimeSpan.FromSeconds(request.TimeoutSeconds),
            cancellationToken);
    }

    private async Task EndAsync(JobLease lease, EventMetadata metadata, IngestionRequested request, TaskFolder folder, ScriptOutcome outcome)
    {
        LakeVersion? version = null;
        if (outcome is ScriptCompleted)
        {
            try
            {
                version = await lake.CommitAsync(LakeKind.Dataset, request.Output, folder.Output, new LakeTransaction(lease.Id, JobKind, metadata.Actor));
            }
            catch (LakeException e)
            {
                outcome = new ScriptFailure(new TaskError(ErrorCodes.ScriptFailed, $"The script's output is not a dataset: {e.Message}"), outcome.LogTail);
            }
        }

        await ledger.InTransactionAsync(async transaction =>
        {
            await jobs.Queue.FinishAsync(transaction, lease);
            var task = await transaction.LoadAsync<IngestionTask>(lease.Id);
            var decision = outcome switch
            {
                ScriptCompleted completed => task.State.Complete(lease.Id, lease.Attempt, version!.Version, completed.Stats, transaction.Now),
                ScriptFailure failure => task.State.Fail(lease.Id, lease.Attempt, failure.Error, failure.LogTail, transaction.Now),
                _ => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
            };
            if (decision.Events.Count > 0 && outcome is ScriptCompleted { Stats: var stats })
            {
                var dataset = await transaction.LoadAsync<Dataset>(request.Output);
                await transaction.AppendAsync(dataset, dataset.State.Ingest(Describe(version!, lease, stats, transaction.Now)).Events, metadata);
            }

            await transaction.AppendAsync(task, decision.Events, metadata);
            await transaction.ReleaseNameAsync(IngestionTask.Category, request.Name, task.StreamId);
            return true;
        });
    }

    private static DataIngested Describe(LakeVersion version, JobLease lease, System.Text.Json.JsonElement stats, DateTimeOffset now) => new(
        version.Name, version.Version, lease.Id, lease.Attempt, version.Uri, version.Id, version.Path,
        [.. version.Fields.Select(f => new DatasetField(f.Name, f.Type, f.Nullable))], version.NumRows, version.SizeBytes, stats, now);
}
