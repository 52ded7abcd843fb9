using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;
using EventMl.Jobs;

namespace EventMl.Datasets.Deleting;

/// <summary>Hides a dataset that no living task reads; its bytes stay for what was made from them.</summary>
internal sealed class DeleteDatasetHandler : ICommandHandler<DeleteDataset>
{
    public async Task<CommandResult> HandleAsync(DeleteDataset command, CommandContext context, CancellationToken cancellationToken)
    {
        if (RequestRules.Name("dataset", command.Dataset) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        var dataset = await context.Transaction.LoadAsync<Dataset>(command.Dataset!, cancellationToken);
        var decision = dataset.State.Delete(command.Dataset!, context.Now);
        if (decision.Refusal is not null)
        {
            return CommandResult.Refused(decision.Refusal);
        }

        if (await context.Transaction.FindUserAsync(dataset.StreamId, cancellationToken) is { } task)
        {
            return CommandResult.Refused(
                ErrorCodes.DatasetInUse, $"Training task '{task}' reads dataset '{command.Dataset}'; wait for its end or cancel it, then delete the dataset.");
        }

        await context.Transaction.AppendAsync(dataset, decision.Events, context.Metadata, cancellationToken);
        return CommandResult.Accepted();
    }

    public object Reject(DeleteDataset command, Refusal refusal, CommandContext context) =>
        new DatasetRejected(command.Dataset, nameof(DeleteDataset), refusal.Code, refusal.Message, context.Now);
}
