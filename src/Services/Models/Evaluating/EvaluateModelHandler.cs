using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.Jobs;

namespace EventMl.Models.Evaluating;

/// <summary>What an evaluation's job row says; correlation and causation tie its result to the wish.</summary>
internal sealed record EvaluationJob(string Model, string EvaluationId, string CorrelationId, string CausationId, string? TraceParent);

internal sealed class EvaluateModelHandler(ModelsJobs jobs) : ICommandHandler<EvaluateModel>
{
    public async Task<CommandResult> HandleAsync(EvaluateModel command, CommandContext context, CancellationToken cancellationToken)
    {
        if (RequestRules.Name("model", command.Model) is { } invalid)
        {
            return CommandResult.Refused(invalid);
        }

        var model = await context.Transaction.LoadAsync<Model>(command.Model!, cancellationToken);
        if (model.State.Find(command.Version) is not { } version)
        {
            return CommandResult.Refused(model.State.NotFound(command.Model!, command.Version));
        }

        var (dataset, datasetVersion, refusal) = await ResolveAsync(command.Dataset, version.Registered, context, cancellationToken);
        if (refusal is not null)
        {
            return CommandResult.Refused(refusal);
        }

        var evaluationId = context.DeriveId("eval");
        var decision = model.State.Evaluate(command.Model!, version.Registered.Version, evaluationId, dataset, datasetVersion, context.Now);
        var stored = await context.Transaction.AppendAsync(model, decision.Events, context.Metadata, cancellationToken);
        foreach (var asked in stored)
        {
            var job = new EvaluationJob(command.Model!, evaluationId, context.Metadata.CorrelationId, asked.Id.ToString("D"), context.Metadata.TraceParent);
            await jobs.Queue.EnqueueAsync(context.Transaction, evaluationId, EvaluationExecutor.JobKind, job, cancellationToken);
        }

        return CommandResult.Accepted(version.Registered.Version);
    }

    public object? Reject(EvaluateModel command, Refusal refusal, CommandContext context) =>
        new ModelRejected(command.Model, nameof(EvaluateModel), refusal.Code, refusal.Message, context.Now) { TaskId = context.IsFromSaga ? command.TaskId : null };

    private static async Task<(string Dataset, long Version, Refusal? Refusal)> ResolveAsync(
        string? reference, ModelRegistered model, CommandContext context, CancellationToken cancellationToken)
    {
        if (reference is null)
        {
            return (model.Dataset, model.DatasetVersion, null);
        }

        if (RequestRules.Reference(reference) is not { } named || RequestRules.Name("dataset", named.Name) is not null)
        {
            return ("", 0, RequestRules.Invalid("'dataset' must be a name, or name@version with a version from 1."));
        }

        var known = await context.Transaction.PeekAsync<KnownDataset>(named.Name, cancellationToken);
        return known.State.Find(named.Version) is { } found
            ? (named.Name, found, null)
            : ("", 0, new Refusal(ErrorCodes.DatasetNotFound, $"Dataset '{reference}' does not exist; list the datasets to find its name and versions."));
    }
}
