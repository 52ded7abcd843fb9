using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;
using EventMl.Jobs;

namespace EventMl.Datasets.Changing;

/// <summary>What a change's job row says; its id is the change's, and the members of an origin tie its outcome to the wish.</summary>
internal sealed record DatasetChangeJob(string Dataset, string CorrelationId, string CausationId, string? TraceParent);

/// <summary>What the door answers: the change, and whether this wish made it or an earlier one.</summary>
internal sealed record AcceptedChange(string Dataset, string ChangeId, bool IsNew);

/// <summary>Writes changes down for the runner.</summary>
internal static class DatasetChanges
{
    public const string JobKind = "change_dataset";

    /// <summary>Asks for a change of a dataset that is there.</summary>
    public static Task<CommandResult> RequestAsync(this CommandContext context, DatasetsJobs jobs, string dataset, DatasetChange change, CancellationToken cancellationToken) =>
        RequestAsync(context, jobs, dataset, (state, id) => state.Change(dataset, id, change, context.Now), cancellationToken);

    /// <summary>Asks for a dataset that is not there yet.</summary>
    public static Task<CommandResult> BeginAsync(this CommandContext context, DatasetsJobs jobs, string dataset, DatasetChange change, CancellationToken cancellationToken) =>
        RequestAsync(context, jobs, dataset, (state, id) => state.Begin(dataset, id, change, context.Now), cancellationToken);

    private static async Task<CommandResult> RequestAsync(
        CommandContext context, DatasetsJobs jobs, string name, Func<Dataset, string, Decision> decide, CancellationToken cancellationToken)
    {
        // One key may go with wishes for several datasets; each has a job of its own.
        var changeId = Ids.Named("change", Ids.Derive($"datasets:{name}", context.DeriveId("change")));
        var dataset = await context.Transaction.LoadAsync<Dataset>(name, cancellationToken);
        var decision = decide(dataset.State, changeId);
        if (decision.Refusal is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        if (decision.Events.Count > 0)
        {
            await context.Transaction.AppendAsync(dataset, decision.Events, context.Metadata, cancellationToken);
            var origin = JobOrigin.Of(context.Metadata);
            var job = new DatasetChangeJob(name, origin.CorrelationId, origin.CausationId, origin.TraceParent);
            await jobs.Changes.EnqueueAsync(context.Transaction, changeId, JobKind, job, cancellationToken);
        }

        return CommandResult.Accepted(new AcceptedChange(name, changeId, decision.Events.Count > 0));
    }
}
