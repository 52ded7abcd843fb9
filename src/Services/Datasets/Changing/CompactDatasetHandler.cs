using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Jobs;

namespace EventMl.Datasets.Changing;

internal sealed class CompactDatasetHandler(DatasetsJobs jobs) : ICommandHandler<CompactDataset>
{
    public async Task<CommandResult> HandleAsync(CompactDataset command, CommandContext context, CancellationToken cancellationToken) =>
        Check(command) is { } refusal
            ? CommandResult.Refused(refusal)
            : await context.RequestAsync(jobs, command.Dataset!, new DatasetChange { Operation = DatasetOperations.Compact }, cancellationToken);

    public object Reject(CompactDataset command, Refusal refusal, CommandContext context) =>
        new DatasetRejected(command.Dataset, nameof(CompactDataset), refusal.Code, refusal.Message, context.Now);

    private static Refusal? Check(CompactDataset command) =>
        RequestRules.Name("dataset", command.Dataset);
}
