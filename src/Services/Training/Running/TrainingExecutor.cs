using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Jobs.Scripts;
using EventMl.Lake;
using Microsoft.Extensions.Logging;

namespace EventMl.Training.Running;

/// <summary>Does one training: child process, epochs into the ledger, lake commit, then the event that hands the artifact to the registry.</summary>
internal sealed class TrainingExecutor(
    Ledger ledger, TrainingJobs jobs, LakeStore lake, ScriptProcess process, TaskCommands commands, TaskFolders folders, TimeProvider clock, ILogger<TrainingExecutor> logger)
    : IJobExecutor
{
    public const string JobKind = "train";

    public string Kind => JobKind;

    public async Task ExecuteAsync(JobLease lease, JobControl control, CancellationToken cancellationToken)
    {
        var metadata = JobOrigin.MetadataOf(lease);
        if (await StartAsync(lease, metadata) is not { } request)
        {
            return;
        }

        var folder = folders.Prepare(lease);
        var epochs = new EpochRecorder(ledger, jobs.Queue, lease, metadata, clock);
        try
        {
            var outcome = await RunAsync(lease, request, folder, epochs, cancellationToken);
            if (control.MustLeave)
            {
                return;
            }

            await epochs.FlushAsync();
            await EndAsync(lease, metadata, request, folder, outcome.WithCancelCode(control.CancelCode));
            folder.DiscardCheckpoints();
        }
        catch (JobFencedException e)
        {
            logger.LogWarning("Training {TaskId}: {Reason}", lease.Id, e.Message);
        }
        finally
        {
            folder.DiscardAttempt();
        }
    }

    private Task<TrainingRequested?> StartAsync(JobLease lease, EventMetadata metadata) => ledger.InTransactionAsync(async transaction =>
    {
        await jobs.Queue.HoldAsync(transaction, lease);
        var task = await transaction.LoadAsync<TrainingTask>(lease.Id);
        var progress = await transaction.PeekAsync<TrainingProgress>(lease.Id);
        var decision = task.State.Start(lease.Id, lease.Attempt, lease.Owner, progress.State.Epoch, transaction.Now);
        if (decision.Events.Count == 0)
        {
            await jobs.Queue.FinishAsync(transaction, lease);
            return null;
        }

        await transaction.AppendAsync(task, decision.Events, metadata);
        return task.State.Request;
    });

    private async Task<ScriptOutcome> RunAsync(JobLease lease, TrainingRequested request, TaskFolder folder, EpochRecorder epochs, CancellationToken cancellationToken)
    {
        var dataset = await lake.GetAsync(LakeKind.Dataset, request.Dataset, request.DatasetVersion, cancellationToken);
        if (dataset is null)
        {
            return new ScriptFailure(new TaskError(ErrorCodes.DatasetNotFound, $"The bytes of dataset '{request.Dataset}' version {request.DatasetVersion} are not in the lake of this worker."), "");
        }

        lake.Materialise(dataset, folder.Input);
        var (command, failure) = await commands.CreateAsync(request.Script, JobKind, new ScriptRequest
        {
            TaskId = lease.Id,
            Attempt = lease.Attempt,
            InputPath = folder.Input,
            OutputPath = folder.Output,
            CheckpointPath = folder.Checkpoints,
            WorkPath = folder.Path,
            Params = request.Params,
            Extra = request.Model ?? default,
        }, cancellationToken);
        if (command is null)
        {
            return failure!;
        }

        var throttle = new Throttle(TimeSpan.FromSeconds(0.5), clock);
        return await process.RunAsync(
            command,
            message => message switch
            {
                ScriptEpoch epoch => epochs.AddAsync(epoch),
                ScriptProgress p when throttle.TryPass() || p.Done == p.Total => jobs.Progress.ReportAsync(lease, new JobProgress(p.Done, p.Total, p.Text)),
                _ => Task.CompletedTask,
            },
            TimeSpan.FromSeconds(request.TimeoutSeconds),
            cancellationToken);
    }

    private async Task EndAsync(JobLease lease, EventMetadata metadata, TrainingRequested request, TaskFolder folder, ScriptOutcome outcome)
    {
        LakeVersion? version = null;
        if (outcome is ScriptCompleted)
        {
            try
            {
                version = await lake.CommitAsync(LakeKind.Model, request.Output, folder.Output, new LakeTransaction(lease.Id, JobKind, metadata.Actor));
            }
            catch (LakeException e)
            {
                outcome = new ScriptFailure(new TaskError(ErrorCodes.ScriptFailed, $"The script's output is not a model: {e.Message}"), outcome.LogTail);
            }
        }

        await ledger.InTransactionAsync(async transaction =>
        {
            await jobs.Queue.FinishAsync(transaction, lease);
            var task = await transaction.LoadAsync<TrainingTask>(lease.Id);
            var decision = outcome switch
            {
                ScriptCompleted completed => task.State.Train(new ModelTrained(
                    lease.Id, lease.Attempt, request.Output, version!.Uri, version.Version, version.Id, version.Path, version.SizeBytes,
                    request.Dataset, request.DatasetVersion, request.Script, request.Params, completed.Stats, transaction.Now)),
                ScriptFailure failure => task.State.Fail(lease.Id, lease.Attempt, failure.Error, failure.LogTail, transaction.Now),
                _ => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
            };
            await transaction.AppendAsync(task, decision.Events, metadata);
            if (outcome is ScriptFailure)
            {
                await transaction.ReleaseNameAsync(TrainingTask.Category, request.Name, task.StreamId);
            }

            return true;
        });
    }
}
