using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using EventMl.Jobs;

namespace EventMl.Training.Completing;

/// <summary>Ends a task whose registration was refused or never answered.</summary>
internal sealed class SettleTrainingHandler : ICommandHandler<SettleTraining>
{
    public async Task<CommandResult> HandleAsync(SettleTraining command, CommandContext context, CancellationToken cancellationToken)
    {
        if (RequestRules.Name("taskId", command.TaskId) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        var transaction = context.Transaction;
        var task = await transaction.LoadAsync<TrainingTask>(command.TaskId, cancellationToken);
        var registry = task.State.Trained is { } trained ? (await transaction.PeekAsync<RegistryReading>(trained.Output, cancellationToken)).State : RegistryReading.Initial;
        var decision = task.State.Settle(command, registry.Of(command.TaskId), context.Now);
        if (decision.Refusal is not null)
        {
            return CommandResult.Refused(decision.Refusal);
        }

        await transaction.AppendAsync(task, decision.Events, context.Metadata, cancellationToken);
        if (decision.Events.Count > 0)
        {
            await transaction.ReleaseNameAsync(TrainingTask.Category, task.State.Request!.Name, task.StreamId, cancellationToken);
        }

        return CommandResult.Accepted();
    }

    public object Reject(SettleTraining command, Refusal refusal, CommandContext context) =>
        new TrainingRejected(command.TaskId, null, nameof(SettleTraining), refusal.Code, refusal.Message, context.Now);
}
