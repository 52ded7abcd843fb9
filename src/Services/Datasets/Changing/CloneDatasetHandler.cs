using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Jobs;

namespace EventMl.Datasets.Changing;

/// <summary>Begins a dataset as a version of another; the wish stands in the new one's stream.</summary>
internal sealed class CloneDatasetHandler(DatasetsJobs jobs) : ICommandHandler<CloneDataset>
{
    public async Task<CommandResult> HandleAsync(CloneDataset command, CommandContext context, CancellationToken cancellationToken)
    {
        if ((RequestRules.Name("dataset", command.Dataset) ?? RequestRules.Name("output", command.Output)) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        var source = await context.Transaction.PeekAsync<Dataset>(command.Dataset!, cancellationToken);
        if (source.State.Find(command.Version) is not { } version)
        {
            return CommandResult.Refused(source.State.NotFound(command.Dataset!, command.Version));
        }

        var change = new DatasetChange { Operation = DatasetOperations.Clone, Source = command.Dataset, Version = version };
        return await context.BeginAsync(jobs, command.Output!, change, cancellationToken);
    }

    public object Reject(CloneDataset command, Refusal refusal, CommandContext context) =>
        new DatasetRejected(command.Dataset, nameof(CloneDataset), refusal.Code, refusal.Message, context.Now);
}
