using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.Jobs;

namespace EventMl.Models.Deleting;

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

        await context.Transaction.AppendAsync(model, decision.Events, context.Metadata, cancellationToken);
        return CommandResult.Accepted();
    }

    public object? Reject(DeleteModel command, Refusal refusal, CommandContext context) =>
        new ModelRejected(command.Model, nameof(DeleteModel), refusal.Code, refusal.Message, context.Now);
}
