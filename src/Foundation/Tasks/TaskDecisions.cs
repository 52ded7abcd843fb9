using EventMl.Bus;
using EventMl.Contracts;
using EventMl.EventStore;
using EventMl.Jobs;

namespace EventMl.Tasks;

/// <summary>What is decided on tasks of every kind, in the transaction of the command or worker.</summary>
public static class TaskDecisions
{
    /// <summary>Accepts a task unless another that lives has its name; a repeated request changes nothing and answers with the same id.</summary>
    /// <param name="context">The command's context.</param>
    /// <param name="taskId">Id of the task.</param>
    /// <param name="name">The name it takes.</param>
    /// <param name="noun">What a person calls it, with its article: <c>A training</c>.</param>
    /// <param name="decide">Decides on the task's state.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    public static async Task<CommandResult> RequestTaskAsync<TTask>(
        this CommandContext context, string taskId, string name, string noun, Func<TTask, Decision> decide, CancellationToken cancellationToken)
        where TTask : class, ITask<TTask>
    {
        var task = await context.Transaction.LoadAsync<TTask>(taskId, cancellationToken);
        var decision = decide(task.State);
        if (decision.Events.Count > 0 && !await context.Transaction.TakeNameAsync(TTask.Category, name, task.StreamId, cancellationToken))
        {
            return CommandResult.Refused(
                ErrorCodes.TaskAlreadyRunning, $"{noun} named '{name}' is still pending or running; wait for it, cancel it, or use another name.");
        }

        await context.Transaction.AppendTaskAsync(task, decision.Events, context.Metadata, cancellationToken);
        return CommandResult.Accepted(taskId);
    }

    /// <summary>Ends a task: at once when no worker has it, else by asking the worker.</summary>
    /// <param name="context">The command's context.</param>
    /// <param name="queue">The area's jobs.</param>
    /// <param name="taskId">The task, as the caller gave it.</param>
    /// <param name="code">Why, as the caller gave it; <c>TASK_CANCELLED</c> when absent.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    public static async Task<CommandResult> CancelTaskAsync<TTask>(
        this CommandContext context, JobQueue queue, string? taskId, string? code, CancellationToken cancellationToken)
        where TTask : class, ITask<TTask>
    {
        if ((RequestRules.Name("task_id", taskId) ?? RequestRules.CancelCode(code)) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        var reason = code ?? ErrorCodes.TaskCancelled;
        var seen = await context.Transaction.PeekAsync<TTask>(taskId!, cancellationToken);
        // The job's row is locked before the stream, in the order in which runners lock them.
        var withdrawn = await queue.WithdrawAsync(context.Transaction, taskId!, cancellationToken);
        var workerHasIt = !withdrawn && await queue.RequestCancelAsync(context.Transaction, taskId!, reason, cancellationToken);
        var task = await context.Transaction.LoadAsync<TTask>(taskId!, cancellationToken);
        if (!withdrawn && !workerHasIt && task.Version != seen.Version)
        {
            // A worker may have got it between the two looks, and would go on unasked.
            throw new LedgerConflictException($"Task '{taskId}' moved while it was being cancelled.");
        }

        var decision = task.State.Cancel(taskId!, reason, workerHasIt, context.Now);
        if (decision.Refusal is not null)
        {
            return CommandResult.Refused(decision.Refusal);
        }

        await context.Transaction.AppendTaskAsync(task, decision.Events, context.Metadata, cancellationToken);
        return CommandResult.Accepted(taskId);
    }

    /// <summary>Appends what was decided on a task; one that begins notes what it needs, one that is over gives that and its name free.</summary>
    public static async Task AppendTaskAsync<TTask>(
        this LedgerTransaction transaction, Loaded<TTask> task, IReadOnlyList<object> events, EventMetadata metadata, CancellationToken cancellationToken = default)
        where TTask : class, ITask<TTask>
    {
        await transaction.AppendAsync(task, events, metadata, cancellationToken);
        var after = events.Aggregate(task.State, (state, e) => state.Evolve(e));
        if (!task.State.Life.IsLive && after is { Life.IsLive: true, Needs: { } needed })
        {
            await transaction.UseAsync(needed, task.StreamId, cancellationToken);
        }

        if (after is { Life.IsLive: false, Name: { } name })
        {
            await transaction.ReleaseNameAsync(TTask.Category, name, task.StreamId, cancellationToken);
            await (after.Needs is { } released ? transaction.ReleaseUseAsync(released, task.StreamId, cancellationToken) : Task.CompletedTask);
        }
    }
}
