using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;
using EventMl.Jobs;

namespace EventMl.Datasets.Cancelling;

/// <summary>Ends an ingestion: at once when no worker has it, else by asking the worker.</summary>
internal sealed class CancelIngestionHandler(DatasetsJobs jobs) : ICommandHandler<CancelIngestion>
{
    public async Task<CommandResult> HandleAsync(CancelIngestion command, CommandContext context, CancellationToken cancellationToken)
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
        var task = await transaction.LoadAsync<IngestionTask>(taskId, cancellationToken);
        var decision = task.State.Cancel(taskId, code, workerHasIt, context.Now);
        if (decision.Refusal is not null)
        {
            return CommandResult.Refused(decision.Refusal);
        }

        await transaction.AppendAsync(task, decision.Events, context.Metadata, cancellationToken);
        if (decision.Events.OfType<IngestionFailed>().Any())
        {
            await transaction.ReleaseNameAsync(IngestionTask.Category, task.State.Request!.Name, task.StreamId, cancellationToken);
        }

        return CommandResult.Accepted(taskId);
    }

    public object Reject(CancelIngestion command, Refusal refusal, CommandContext context) =>
        new IngestionRejected(command.TaskId, null, nameof(CancelIngestion), refusal.Code, refusal.Message, context.Now);
}
