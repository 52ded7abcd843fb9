using System.Collections.Concurrent;
using System.Globalization;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using MassTransit;

namespace EventMl.Foundation.Tests.Bus;

/// <summary>What handlers, observers and sagas of a scenario have seen.</summary>
internal sealed class Seen
{
    public ConcurrentQueue<(object Message, string Actor, Guid? MessageId)> Messages { get; } = [];

    public T[] Of<T>() => [.. Messages.Select(m => m.Message).OfType<T>()];
}

/// <summary>A task as small as the doors need it.</summary>
internal sealed record ProbeTask(bool Exists) : IAggregate<ProbeTask>
{
    public static string Category => "training_task";

    public static ProbeTask Initial => new(false);

    public ProbeTask Evolve(object @event) => @event is TrainingRequested ? new(true) : this;
}

internal sealed class RequestTrainingHandler : ICommandHandler<RequestTraining>
{
    public async Task<CommandResult> HandleAsync(RequestTraining command, CommandContext context, CancellationToken cancellationToken)
    {
        var id = command.TaskId ?? context.DeriveId("train");
        var task = await context.Transaction.LoadAsync<ProbeTask>(id, cancellationToken);
        if (task.State.Exists)
        {
            return CommandResult.Accepted(id);
        }

        if (string.IsNullOrEmpty(command.Input))
        {
            return CommandResult.Refused(ErrorCodes.DatasetNotFound, "Ingest a dataset first.");
        }

        await context.Transaction.AppendAsync(
            task,
            [new TrainingRequested(id, command.Name ?? "", command.Input, 1, "lake://x", "00", command.Script, null, command.Params ?? default, command.Output ?? "", 60, context.Now)],
            context.Metadata,
            cancellationToken);
        // Refused after the append: the door must roll it back.
        return command.Name == "refused-late" ? CommandResult.Refused(ErrorCodes.TaskAlreadyRunning, "Wait for it to end.") : CommandResult.Accepted(id);
    }

    public object? Reject(RequestTraining command, Refusal refusal, CommandContext context) =>
        new TrainingRejected(command.TaskId, command.Name, nameof(RequestTraining), refusal.Code, refusal.Message, context.Now);
}

internal sealed class RunTrainingHandler(Seen seen) : ICommandHandler<RunTraining>
{
    public Task<CommandResult> HandleAsync(RunTraining command, CommandContext context, CancellationToken cancellationToken)
    {
        seen.Messages.Enqueue((command, context.Metadata.Actor, context.MessageId));
        return Task.FromResult(CommandResult.Accepted());
    }

    public object? Reject(RunTraining command, Refusal refusal, CommandContext context) => null;
}

internal sealed class Watcher<TEvent>(Seen seen) : IEventHandler<TEvent>
    where TEvent : class
{
    public Task HandleAsync(TEvent @event, ObserverContext context, CancellationToken cancellationToken)
    {
        seen.Messages.Enqueue((@event, context.Metadata.Actor, context.MessageId));
        return Task.CompletedTask;
    }
}

public sealed record TrainingDeadlineExpired(string TaskId);

public sealed class ProbeState : SagaState
{
    public string TaskId { get; set; } = "";

    public int Epochs { get; set; }

    public bool Expired { get; set; }
}

internal sealed class ProbeStateMachine : ProcessStateMachine<ProbeState>
{
    public ProbeStateMachine()
    {
        Event(() => Requested, x => x.CorrelateById(c => SagaId.From(c.Message.TaskId)));
        Event(() => Epoch, x => x.CorrelateById(c => SagaId.From(c.Message.TaskId)));
        Event(() => Trained, x => x.CorrelateById(c => SagaId.From(c.Message.TaskId)));
        Event(() => Expired, x => x.CorrelateById(c => SagaId.From(c.Message.TaskId)));
        Initially(
            When(Requested)
                .Then(c => c.Saga.TaskId = c.Message.TaskId)
                .Ask(c => new RunTraining(c.Message.TaskId))
                .Schedule("deadline", c => TimeSpan.FromSeconds(double.Parse(c.Message.Output, CultureInfo.InvariantCulture)), c => new TrainingDeadlineExpired(c.Message.TaskId))
                .TransitionTo(Training));
        During(
            Training,
            When(Epoch).Then(c => c.Saga.Epochs++),
            When(Expired).Then(c => c.Saga.Expired = true).Finalize(),
            When(Trained).Unschedule("deadline").Finalize());
    }

    public State Training { get; private set; } = null!;

    public Event<TrainingRequested> Requested { get; private set; } = null!;

    public Event<EpochCompleted> Epoch { get; private set; } = null!;

    public Event<TrainingCompleted> Trained { get; private set; } = null!;

    public Event<TrainingDeadlineExpired> Expired { get; private set; } = null!;
}
