using MassTransit;
using Microsoft.Extensions.Logging;

namespace EventMl.Bus;

/// <summary>The bus door of one command.</summary>
internal sealed class CommandConsumer<TCommand>(CommandDoor door, CommandRoutes routes, Caller caller, AccessDirectory directory, ILogger<CommandConsumer<TCommand>> log) : IConsumer<TCommand>
    where TCommand : class
{
    public async Task Consume(ConsumeContext<TCommand> context)
    {
        // Until it is known who may do what, messages wait.
        await directory.Ready.WaitAsync(context.CancellationToken);
        var call = caller.Identify(context, routes.Find<TCommand>().Queue);
        var result = await door.ExecuteAsync(context.Message, call, context.CancellationToken);
        if (result.Refusal is { } refusal)
        {
            log.LogInformation("Refused {Command} {MessageId} of {Actor}: {Code} {Message}", typeof(TCommand).Name, call.MessageId, call.Actor, refusal.Code, refusal.Message);
        }
        else if (result.Duplicate)
        {
            log.LogDebug("Ignored {Command} {MessageId}: handled before", typeof(TCommand).Name, call.MessageId);
        }
    }
}
