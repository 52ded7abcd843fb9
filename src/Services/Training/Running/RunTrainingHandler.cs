using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.Jobs;

namespace EventMl.Training.Running;

/// <summary>Writes the job down for the runners; a consumer never does the work itself.</summary>
internal sealed class RunTrainingHandler(TrainingJobs jobs) : ICommandHandler<RunTraining>
{
    public async Task<CommandResult> HandleAsync(RunTraining command, CommandContext context, CancellationToken cancellationToken)
    {
        var task = await context.Transaction.LoadAsync<TrainingTask>(command.TaskId, cancellationToken);
        if (task.State is { Life.IsLive: true, Trained: null })
        {
            await jobs.Queue.EnqueueAsync(context.Transaction, command.TaskId, TrainingExecutor.JobKind, JobOrigin.Of(context.Metadata), cancellationToken);
        }

        return CommandResult.Accepted();
    }

    public object? Reject(RunTraining command, Refusal refusal, CommandContext context) => null;
}
