using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using EventMl.Jobs;

namespace EventMl.Training.Cancelling;

/// <summary>Ends a training: at once when no worker has it, else by asking the worker.</summary>
internal sealed class CancelTrainingHandler(TrainingJobs jobs) : ICommandHandler<CancelTraining>
{
    public async Task<CommandResult> HandleAsync(CancelTraining command, CommandContext context, CancellationToken cancellationToken)
    {
        if ((RequestRules.Name("task_id", command.TaskId) ?? RequestRules.CancelCode(command.Code)) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        var taskId = command.TaskId!;
        var code = command.Code ?? ErrorCodes.TaskCancelled;
        var transaction = context.Transaction;
        // The job's row is locked before the stream, in the order in which runners lock them.
        var workerHasIt = !await jobs.Queue.WithdrawAsync(transaction, taskId, cancellationToken)
            && await jobs.Queue.RequestCancelAsync(transaction, taskId, code, cancellationToken);
        var task = await transaction.LoadAsync<TrainingTask>(taskId, cancellationToken);
        var decision = task.State.Cancel(taskId, code, workerHasIt, context.Now);
        if (decision.Refusal is not null)
        {
            return CommandResult.Refused(decision.Refusal);
        }

        await transaction.AppendAsync(task, decision.Events, context.Metadata, cancellationToken);
        if (decision.Events.OfType<TrainingFailed>().Any())
        {
            await transaction.ReleaseNameAsync(TrainingTask.Category, task.State.Request!.Name, task.StreamId, cancellationToken);
        }

        return CommandResult.Accepted(taskId);
    }

    public object Reject(CancelTraining command, Refusal refusal, CommandContext context) =>
        new TrainingRejected(command.TaskId, null, nameof(CancelTraining), refusal.Code, refusal.Message, context.Now);
}
