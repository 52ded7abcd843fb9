using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Tasks;

namespace EventMl.Datasets.Cancelling;

internal sealed class CancelIngestionHandler(DatasetsJobs jobs) : ICommandHandler<CancelIngestion>
{
    public Task<CommandResult> HandleAsync(CancelIngestion command, CommandContext context, CancellationToken cancellationToken) =>
        context.CancelTaskAsync<IngestionTask>(jobs.Queue, command.TaskId, command.Code, cancellationToken);

    public object Reject(CancelIngestion command, Refusal refusal, CommandContext context) =>
        new IngestionRejected(command.TaskId, null, nameof(CancelIngestion), refusal.Code, refusal.Message, context.Now);
}
