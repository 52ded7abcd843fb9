using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Jobs;

namespace EventMl.Datasets.Changing;

internal sealed class DropDatasetColumnsHandler(DatasetsJobs jobs) : ICommandHandler<DropDatasetColumns>
{
    public async Task<CommandResult> HandleAsync(DropDatasetColumns command, CommandContext context, CancellationToken cancellationToken) =>
        Check(command) is { } refusal
            ? CommandResult.Refused(refusal)
            : await context.RequestAsync(jobs, command.Dataset!, new DatasetChange { Operation = DatasetOperations.DropColumns, Columns = command.Columns }, cancellationToken);

    public object Reject(DropDatasetColumns command, Refusal refusal, CommandContext context) =>
        new DatasetRejected(command.Dataset, nameof(DropDatasetColumns), refusal.Code, refusal.Message, context.Now);

    private static Refusal? Check(DropDatasetColumns command) =>
        RequestRules.Name("dataset", command.Dataset)
        ?? (command.Columns is not { Count: > 0 } || command.Columns.Any(string.IsNullOrEmpty) ? RequestRules.Invalid("'columns' is missing; name the columns to drop, such as [\"note\"].") : null);
}
