using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Datasets.Changing;
using EventMl.Jobs;
using EventMl.Jobs.Scripts;

namespace EventMl.Datasets.Importing;

/// <summary>Begins a dataset from an archive that lies under an allowed root or was sent before.</summary>
internal sealed class ImportDatasetHandler(DatasetsJobs jobs, TaskCommands commands, SentArchives sent) : ICommandHandler<ImportDataset>
{
    public async Task<CommandResult> HandleAsync(ImportDataset command, CommandContext context, CancellationToken cancellationToken) =>
        Check(command) is { } refusal
            ? CommandResult.Refused(refusal)
            : await context.BeginAsync(
                jobs, command.Dataset!, new DatasetChange { Operation = DatasetOperations.Import, Input = command.Input, Upload = command.Upload }, cancellationToken);

    public object Reject(ImportDataset command, Refusal refusal, CommandContext context) =>
        new DatasetRejected(command.Dataset, nameof(ImportDataset), refusal.Code, refusal.Message, context.Now);

    private Refusal? Check(ImportDataset command) => RequestRules.Name("dataset", command.Dataset) ?? (command.Input, command.Upload) switch
    {
        (null, null) => RequestRules.Invalid("'input' is missing; give the path of an archive that an export made."),
        (not null, not null) => RequestRules.Invalid("'input' and 'upload' exclude each other; give one."),
        (null, var upload) => sent.Find(upload) is null ? RequestRules.Invalid($"There is no upload '{Clean(upload)}'; send the archive again.") : null,
        (var input, _) => RequestRules.Present("input", input) ?? commands.CheckInput(input),
    };

    private static string Clean(string text) => EventStore.Clean.Text(text, 100);
}
