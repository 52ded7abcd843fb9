using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Jobs;

namespace EventMl.Datasets.Changing;

internal sealed class DeleteDatasetRowsHandler(DatasetsJobs jobs) : ICommandHandler<DeleteDatasetRows>
{
    private const int MaxRowIds = 10_000;

    public async Task<CommandResult> HandleAsync(DeleteDatasetRows command, CommandContext context, CancellationToken cancellationToken) =>
        Check(command) is { } refusal
            ? CommandResult.Refused(refusal)
            : await context.RequestAsync(jobs, command.Dataset!, new DatasetChange { Operation = DatasetOperations.DeleteRows, RowIds = command.RowIds, Where = command.Where }, cancellationToken);

    public object Reject(DeleteDatasetRows command, Refusal refusal, CommandContext context) =>
        new DatasetRejected(command.Dataset, nameof(DeleteDatasetRows), refusal.Code, refusal.Message, context.Now);

    private static Refusal? Check(DeleteDatasetRows command) =>
        RequestRules.Name("dataset", command.Dataset)
        ?? CheckRows(command);

    private static Refusal? CheckRows(DeleteDatasetRows command) => (command.RowIds, command.Where) switch
    {
        (null, null) => RequestRules.Invalid("Say which rows: give 'row_ids' (a preview shows them) or 'where', such as {\"column\": \"label\", \"op\": \"=\", \"value\": \"3\"}."),
        (not null, not null) => RequestRules.Invalid("'row_ids' and 'where' exclude each other; give one."),
        (var ids, null) => ids.Count is 0 or > MaxRowIds || ids.Any(id => id < 0) ? RequestRules.Invalid($"'row_ids' must be 1 to {MaxRowIds} ids from 0; use 'where' for more rows.") : null,
        (null, var where) => RowFilter.Check(where) is { } problem ? RequestRules.Invalid(problem) : null,
    };
}
