using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.EventStore;
using EventMl.Jobs;

namespace EventMl.Models.Deleting;

/// <summary>Hides a model that no service serves; its bytes stay.</summary>
internal sealed class DeleteModelHandler : ICommandHandler<DeleteModel>
{
    public async Task<CommandResult> HandleAsync(DeleteModel command, CommandContext context, CancellationToken cancellationToken)
    {
        if (RequestRules.Name("model", command.Model) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        var model = await context.Transaction.LoadAsync<Model>(command.Model!, cancellationToken);
        var decision = model.State.Delete(command.Model!, context.Now);
        if (decision.Refusal is { } refused)
        {
            return CommandResult.Refused(refused);
        }

        if (await context.Transaction.FindUserAsync(model.StreamId, cancellationToken) is { } service)
        {
            return CommandResult.Refused(ErrorCodes.ModelInUse, $"Inference service '{service}' serves model '{command.Model}'; delete the service first.");
        }

        await context.Transaction.AppendAsync(model, decision.Events, context.Metadata, cancellationToken);
        return CommandResult.Accepted();
    }

    public object? Reject(DeleteModel command, Refusal refusal, CommandContext context) =>
        new ModelRejected(command.Model, nameof(DeleteModel), refusal.Code, refusal.Message, context.Now);
}
