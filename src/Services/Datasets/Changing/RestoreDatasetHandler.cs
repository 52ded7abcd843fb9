using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Jobs;

namespace EventMl.Datasets.Changing;

internal sealed class RestoreDatasetHandler(DatasetsJobs jobs) : ICommandHandler<RestoreDataset>
{
    public async Task<CommandResult> HandleAsync(RestoreDataset command, CommandContext context, CancellationToken cancellationToken) =>
        Check(command) is { } refusal
            ? CommandResult.Refused(refusal)
            : await context.RequestAsync(jobs, command.Dataset!, new DatasetChange { Operation = DatasetOperations.Restore, Version = command.Version }, cancellationToken);

    public object Reject(RestoreDataset command, Refusal refusal, CommandContext context) =>
        new DatasetRejected(command.Dataset, nameof(RestoreDataset), refusal.Code, refusal.Message, context.Now);

    private static Refusal? Check(RestoreDataset command) =>
        RequestRules.Name("dataset", command.Dataset)
        ?? (command.Version is null ? RequestRules.Invalid("'version' is missing; give the number of the version whose content is wanted again.") : null);
}
