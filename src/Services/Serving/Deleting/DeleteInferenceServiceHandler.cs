using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Serving;
using EventMl.EventStore;
using EventMl.Jobs;

namespace EventMl.Serving.Deleting;

/// <summary>Removes a service; its worker stops it at its next heartbeat at the latest.</summary>
internal sealed class DeleteInferenceServiceHandler(ServingJobs jobs) : ICommandHandler<DeleteInferenceService>
{
    public async Task<CommandResult> HandleAsync(DeleteInferenceService command, CommandContext context, CancellationToken cancellationToken)
    {
        if (RequestRules.Name("service_id", command.ServiceId) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        var serviceId = command.ServiceId!;
        var transaction = context.Transaction;
        // The job's row is locked before the stream, in the order in which runners lock them.
        if (!await jobs.Queue.WithdrawAsync(transaction, serviceId, cancellationToken))
        {
            await jobs.Queue.RequestCancelAsync(transaction, serviceId, ErrorCodes.TaskCancelled, cancellationToken);
        }

        var service = await transaction.LoadAsync<InferenceService>(serviceId, cancellationToken);
        var decision = service.State.Delete(serviceId, context.Now);
        if (decision.Refusal is not null)
        {
            return CommandResult.Refused(decision.Refusal);
        }

        await transaction.AppendAsync(service, decision.Events, context.Metadata, cancellationToken);
        await transaction.ReleaseUseAsync($"{ModelReading.Category}-{service.State.Created!.Model}", service.StreamId, cancellationToken);
        await transaction.ReleaseNameAsync(InferenceService.Category, service.State.Created!.Name, service.StreamId, cancellationToken);
        return CommandResult.Accepted();
    }

    public object Reject(DeleteInferenceService command, Refusal refusal, CommandContext context) =>
        new InferenceServiceRejected(command.ServiceId, null, nameof(DeleteInferenceService), refusal.Code, refusal.Message, context.Now);
}
