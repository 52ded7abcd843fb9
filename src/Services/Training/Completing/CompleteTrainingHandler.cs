using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;

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

        await context.Transaction.AppendAsync(task, decision.Events, context.Metadata, cancellationToken);
        if (decision.Events.Count > 0)
        {
            await context.Transaction.ReleaseNameAsync(TrainingTask.Category, task.State.Request!.Name, task.StreamId, cancellationToken);
        }

        return CommandResult.Accepted();
    }

    public object Reject(CompleteTraining command, Refusal refusal, CommandContext context) =>
        new TrainingRejected(command.TaskId, null, nameof(CompleteTraining), refusal.Code, refusal.Message, context.Now);
}
