using System.Text.RegularExpressions;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Jobs;

namespace EventMl.Datasets.Tagging;

/// <summary>Gives a version a name; the ledger alone knows it.</summary>
internal sealed partial class TagDatasetHandler : ICommandHandler<TagDataset>
{
    public async Task<CommandResult> HandleAsync(TagDataset command, CommandContext context, CancellationToken cancellationToken)
    {
        if ((RequestRules.Name("dataset", command.Dataset) ?? Tag(command.Tag)) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        var dataset = await context.Transaction.LoadAsync<Dataset>(command.Dataset!, cancellationToken);
        var decision = dataset.State.Tag(command.Dataset!, command.Tag!, command.Version, command.Move == true, context.Now);
        await context.Transaction.AppendAsync(dataset, decision.Events, context.Metadata, cancellationToken);
        return decision.Refusal is { } refused ? CommandResult.Refused(refused) : CommandResult.Accepted();
    }

    public object Reject(TagDataset command, Refusal refusal, CommandContext context) =>
        new DatasetRejected(command.Dataset, nameof(TagDataset), refusal.Code, refusal.Message, context.Now);

    // It begins with a letter, so that an address tells it from a version's number and from an instant.
    private static Refusal? Tag(string? tag) => tag is not null && Allowed().IsMatch(tag) && tag != DatasetReference.Latest
        ? null
        : RequestRules.Invalid($"'tag' must be 1 to 64 letters, digits, '_', '.' or '-', beginning with a letter, and not '{DatasetReference.Latest}'.");

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_.-]{0,63}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Allowed();
}
