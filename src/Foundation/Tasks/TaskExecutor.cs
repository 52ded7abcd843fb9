using System.Text.Json;
using EventMl.Contracts;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Jobs.Scripts;
using EventMl.Lake;

namespace EventMl.Tasks;

/// <summary>Does one kind of task: start, child process, lake commit, then one ledger transaction that makes the result exist; an area says only what differs.</summary>
/// <param name="tools">What every executor works with.</param>
/// <param name="queue">The area's jobs, the fence of everything that is written.</param>
/// <param name="progress">Where the progress is shown.</param>
public abstract class TaskExecutor<TTask>(TaskTools tools, JobQueue queue, JobProgressBoard progress) : IJobExecutor
    where TTask : class, ITask<TTask>
{
    /// <inheritdoc />
    public abstract string Kind { get; }

    /// <summary>What every executor works with.</summary>
    protected TaskTools Tools => tools;

    /// <inheritdoc />
    public async Task ExecuteAsync(JobLease lease, JobControl control, CancellationToken cancellationToken)
    {
        var metadata = JobOrigin.MetadataOf(lease);
        if (await BeginAsync(lease, metadata) is not { } task)
        {
            return;
        }

        var attempt = new TaskAttempt<TTask>(task, lease, metadata, tools.Folders.Prepare(lease));
        try
        {
            var recorder = Recorder(attempt);
            var outcome = await RunAsync(attempt, recorder, cancellationToken);
            if (control.MustLeave)
            {
                return;
            }

            await (recorder?.FlushAsync() ?? Task.CompletedTask);
            await EndAsync(attempt, outcome.WithCancelCode(control.CancelCode));
            attempt.Folder.DiscardCheckpoints();
        }
        finally
        {
            attempt.Folder.DiscardAttempt();
        }
    }

    /// <summary>Decides whether the attempt begins.</summary>
    protected abstract Task<Decision> StartAsync(TTask task, JobLease lease, LedgerTransaction transaction);

    /// <summary>Says what the child process shall do, after laying out its input.</summary>
    protected abstract Task<Preparation> PrepareAsync(TaskAttempt<TTask> attempt, CancellationToken cancellationToken);

    /// <summary>Where the output folder is committed.</summary>
    protected abstract (LakeKind Kind, string Name) Output(TTask task);

    /// <summary>What the lake shall do with the output: <see cref="LakeTransaction.Append"/>, or anything else to put it in place of the latest version.</summary>
    protected virtual string Operation(TTask task) => Kind;

    /// <summary>Keeps what belongs beside a committed version, under the task's id so that a repetition changes nothing; gives the statistics to record.</summary>
    protected virtual Task<JsonElement> KeepBesideAsync(TaskAttempt<TTask> attempt, JsonElement stats) => Task.FromResult(stats);

    /// <summary>Decides on the end of a task whose output is committed; may append to other streams of the area.</summary>
    protected abstract Task<Decision> CompleteAsync(TTask task, TaskAttempt<TTask> attempt, LakeVersion version, JsonElement stats, LedgerTransaction transaction);

    /// <summary>Writes down what this kind of child says beside its progress; null when it says nothing else.</summary>
    protected virtual ITaskRecorder? Recorder(TaskAttempt<TTask> attempt) => null;

    private Task<TTask?> BeginAsync(JobLease lease, EventMetadata metadata) => tools.Ledger.InTransactionAsync(async transaction =>
    {
        await queue.HoldAsync(transaction, lease);
        var task = await transaction.LoadAsync<TTask>(lease.Id);
        var decision = await StartAsync(task.State, lease, transaction);
        if (decision.Events.Count == 0)
        {
            await queue.FinishAsync(transaction, lease);
            return null;
        }

        await transaction.AppendTaskAsync(task, decision.Events, metadata);
        return task.State;
    });

    private async Task<ScriptOutcome> RunAsync(TaskAttempt<TTask> attempt, ITaskRecorder? recorder, CancellationToken cancellationToken)
    {
        try
        {
            return await RunChildAsync(attempt, recorder, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // While it was being prepared; the end of a child that runs is an outcome of its own.
            return new ScriptFailure(new TaskError(ErrorCodes.TaskCancelled, "The task was cancelled before it began."), "");
        }
    }

    private async Task<ScriptOutcome> RunChildAsync(TaskAttempt<TTask> attempt, ITaskRecorder? recorder, CancellationToken cancellationToken)
    {
        var (work, error) = await PrepareAsync(attempt, cancellationToken);
        if (work is null)
        {
            return new ScriptFailure(error!, "");
        }

        var (lease, folder) = (attempt.Lease, attempt.Folder);
        var request = folder.Request(lease, work.InputPath) with { Params = work.Params, Extra = work.Extra };
        var (command, failure) = await tools.Commands.CreateAsync(work.Script, Kind, request, cancellationToken);
        if (command is null)
        {
            return failure!;
        }

        var throttle = new Throttle(TimeSpan.FromSeconds(0.5), tools.Clock);
        return await tools.Process.RunAsync(
            command,
            message => message is not ScriptProgress p ? recorder?.AddAsync(message) ?? Task.CompletedTask
                : throttle.TryPass() || p.Done == p.Total ? progress.ReportAsync(lease, new JobProgress(p.Done, p.Total, p.Text))
                : Task.CompletedTask,
            TimeSpan.FromSeconds(work.TimeoutSeconds),
            cancellationToken);
    }

    private async Task EndAsync(TaskAttempt<TTask> attempt, ScriptOutcome outcome)
    {
        var (lease, metadata) = (attempt.Lease, attempt.Metadata);
        LakeVersion? version = null;
        if (outcome is ScriptCompleted done)
        {
            var (kind, name) = Output(attempt.Task);
            try
            {
                version = await tools.Lake.CommitAsync(kind, name, attempt.Folder.Output, new LakeTransaction(lease.Id, Operation(attempt.Task), metadata.Actor));
                outcome = done with { Stats = await KeepBesideAsync(attempt, done.Stats) };
            }
            catch (LakeException e)
            {
                var what = kind == LakeKind.Dataset ? "dataset" : "model";
                outcome = new ScriptFailure(new TaskError(ErrorCodes.ScriptFailed, $"The script's output is not a {what}: {e.Message}"), outcome.LogTail);
            }
        }

        await tools.Ledger.InTransactionAsync(async transaction =>
        {
            await queue.FinishAsync(transaction, lease);
            var task = await transaction.LoadAsync<TTask>(lease.Id);
            var decision = outcome switch
            {
                ScriptCompleted completed => await CompleteAsync(task.State, attempt, version!, completed.Stats, transaction),
                ScriptFailure failure => task.State.Fail(lease.Id, lease.Attempt, failure.Error, failure.LogTail, transaction.Now),
                _ => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
            };
            await transaction.AppendTaskAsync(task, decision.Events, metadata);
            return true;
        });
    }
}
