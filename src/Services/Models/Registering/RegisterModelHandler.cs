using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.Jobs;

namespace EventMl.Models.Registering;

/// <summary>What a registration answers with.</summary>
internal sealed record RegisteredVersion(string Model, long Version);

internal sealed class RegisterModelHandler : ICommandHandler<RegisterModel>
{
    public async Task<CommandResult> HandleAsync(RegisterModel command, CommandContext context, CancellationToken cancellationToken)
    {
        if (Check(command) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        command = command with { Params = RequestRules.ParamsOrEmpty(command.Params), Metrics = RequestRules.ParamsOrEmpty(command.Metrics) };
        var model = await context.Transaction.LoadAsync<Model>(command.Model, cancellationToken);
        var decision = model.State.Register(command, context.Now);
        await context.Transaction.AppendAsync(model, decision.Events, context.Metadata, cancellationToken);
        var registered = decision.Events.OfType<ModelRegistered>().SingleOrDefault() ?? model.State.FindRegistered(command)!;
        return CommandResult.Accepted(new RegisteredVersion(command.Model, registered.Version));
    }

    public object? Reject(RegisterModel command, Refusal refusal, CommandContext context) =>
        new ModelRejected(command.Model, nameof(RegisterModel), refusal.Code, refusal.Message, context.Now) { TaskId = context.IsFromSaga ? command.TaskId : null };

    private static Refusal? Check(RegisterModel command) =>
        RequestRules.Name("model", command.Model)
        ?? RequestRules.Name("taskId", command.TaskId)
        ?? RequestRules.Present("artifactUri", command.ArtifactUri)
        ?? RequestRules.Present("manifestSha256", command.ManifestSha256)
        ?? RequestRules.Present("storagePath", command.StoragePath)
        ?? RequestRules.Name("dataset", command.Dataset)
        ?? (command.ArtifactVersion < 1 || command.DatasetVersion < 1 ? RequestRules.Invalid("'artifactVersion' and 'datasetVersion' count from 1.") : null)
        ?? RequestRules.Params(command.Params)
        ?? RequestRules.Params(command.Metrics);
}
