using EventMl.Contracts;

namespace EventMl.Bus;

/// <summary>Decides one command; the REST door and the bus door of a command end in the same handler.</summary>
/// <typeparam name="TCommand">The message of Contracts.</typeparam>
public interface ICommandHandler<TCommand>
    where TCommand : class
{
    /// <summary>Decides and appends within <see cref="CommandContext.Transaction"/>; a refusal is a result, never an exception, and leaves nothing behind.</summary>
    Task<CommandResult> HandleAsync(TCommand command, CommandContext context, CancellationToken cancellationToken);

    /// <summary>The <c>…Rejected</c> event that answers a refused command on the bus; null when nobody waits for one.</summary>
    object? Reject(TCommand command, Refusal refusal, CommandContext context);
}
