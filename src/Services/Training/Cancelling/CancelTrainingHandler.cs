using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.Tasks;

namespace EventMl.Training.Cancelling;

internal sealed class CancelTrainingHandler(TrainingJobs jobs) : ICommandHandler<CancelTraining>
{
    public Task<CommandResult> HandleAsync(CancelTraining command, CommandContext context, CancellationToken cancellationToken) =>
        context.CancelTaskAsync<TrainingTask>(jobs.Queue, command.TaskId, command.Code, cancellationToken);

    public object Reject(CancelTraining command, Refusal refusal, CommandContext context) =>
        new TrainingRejected(command.TaskId, null, nameof(CancelTraining), refusal.Code, refusal.Message, context.Now);
}
