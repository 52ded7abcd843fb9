using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Jobs;

namespace EventMl.Datasets.Tagging;

internal sealed class UntagDatasetHandler : ICommandHandler<UntagDataset>
{
    public async Task<CommandResult> HandleAsync(UntagDataset command, CommandContext context, CancellationToken cancellationToken)
    {
        if ((RequestRules.Name("dataset", command.Dataset) ?? RequestRules.Present("tag", command.Tag)) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        var dataset = await context.Transaction.LoadAsync<Dataset>(command.Dataset!, cancellationToken);
        var decision = dataset.State.Untag(command.Dataset!, command.Tag!, context.Now);
        await context.Transaction.AppendAsync(dataset, decision.Events, context.Metadata, cancellationToken);
        return decision.Refusal is { } refused ? CommandResult.Refused(refused) : CommandResult.Accepted();
    }

    public object Reject(UntagDataset command, Refusal refusal, CommandContext context) =>
        new DatasetRejected(command.Dataset, nameof(UntagDataset), refusal.Code, refusal.Message, context.Now);
}
