using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Jobs;

namespace EventMl.Datasets.Running;

/// <summary>Writes the job down for the runners; a consumer never does the work itself.</summary>
internal sealed class RunIngestionHandler(DatasetsJobs jobs) : ICommandHandler<RunIngestion>
{
    public async Task<CommandResult> HandleAsync(RunIngestion command, CommandContext context, CancellationToken cancellationToken)
    {
        var task = await context.Transaction.LoadAsync<IngestionTask>(command.TaskId, cancellationToken);
        if (task.State.Life.IsLive)
        {
            await jobs.Queue.EnqueueAsync(context.Transaction, command.TaskId, IngestionExecutor.JobKind, JobOrigin.Of(context.Metadata), cancellationToken);
        }

        return CommandResult.Accepted();
    }

    public object? Reject(RunIngestion command, Refusal refusal, CommandContext context) => null;
}
