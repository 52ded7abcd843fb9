using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.Tasks;

namespace EventMl.Training.Completing;

/// <summary>Ends a task whose model is in the registry.</summary>
internal sealed class CompleteTrainingHandler : ICommandHandler<CompleteTraining>
{
    public async Task<CommandResult> HandleAsync(CompleteTraining command, CommandContext context, CancellationToken cancellationToken)
    {
        var task = await context.Transaction.LoadAsync<TrainingTask>(command.TaskId, cancellationToken);
        var decision = task.State.Complete(command, context.Now);
        if (decision.Refusal is not null)
        {
            return CommandResult.Refused(decision.Refusal);
        }

        await context.Transaction.AppendTaskAsync(task, decision.Events, context.Metadata, cancellationToken);
        return CommandResult.Accepted();
    }

    public object Reject(CompleteTraining command, Refusal refusal, CommandContext context) =>
        new TrainingRejected(command.TaskId, null, nameof(CompleteTraining), refusal.Code, refusal.Message, context.Now);
}
