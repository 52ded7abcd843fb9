using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Datasets.Changing;
using EventMl.Jobs;

namespace EventMl.Datasets.Collecting;

internal sealed class CollectDatasetGarbageHandler(DatasetsJobs jobs) : ICommandHandler<CollectDatasetGarbage>
{
    private const long MaxSeconds = 10L * 365 * 24 * 3600;

    public async Task<CommandResult> HandleAsync(CollectDatasetGarbage command, CommandContext context, CancellationToken cancellationToken) =>
        Check(command) is { } refusal
            ? CommandResult.Refused(refusal)
            : await context.RequestAsync(
                jobs,
                command.Dataset!,
                new DatasetChange
                {
                    Operation = DatasetOperations.CollectGarbage,
                    KeepVersions = command.KeepVersions,
                    KeepYoungerThanSeconds = command.KeepYoungerThanSeconds,
                    GraceSeconds = command.GraceSeconds,
                },
                cancellationToken);

    public object Reject(CollectDatasetGarbage command, Refusal refusal, CommandContext context) =>
        new DatasetRejected(command.Dataset, nameof(CollectDatasetGarbage), refusal.Code, refusal.Message, context.Now);

    private static Refusal? Check(CollectDatasetGarbage command) =>
        RequestRules.Name("dataset", command.Dataset)
        ?? (command.KeepVersions is < 1 ? RequestRules.Invalid("'keep_versions' must be at least 1; to do away with the whole dataset, delete it and collect then.") : null)
        ?? Seconds("keep_younger_than_seconds", command.KeepYoungerThanSeconds)
        ?? Seconds("grace_seconds", command.GraceSeconds);

    private static Refusal? Seconds(string field, long? value) =>
        value is < 0 or > MaxSeconds ? RequestRules.Invalid($"'{field}' must be between 0 and {MaxSeconds}.") : null;
}
