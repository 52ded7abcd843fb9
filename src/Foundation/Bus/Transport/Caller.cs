using System.Diagnostics;
using EventMl.Contracts;
using MassTransit;

namespace EventMl.Bus;

/// <summary>Finds out who sent a message and because of what.</summary>
internal sealed class Caller(BusOptions options, AccessOptions access, AccessDirectory directory)
{
    private readonly string? _ownUser = options.InMemory ? null : options.Broker.User;

    /// <summary>The call a consumed message makes.</summary>
    /// <exception cref="UnauthenticatedMessageException">Nobody vouches for the sender.</exception>
    public DoorCall Identify(ConsumeContext context, string queue)
    {
        var messageId = MessageId(context);
        var (actor, grant) = Actor(context, queue);
        return new DoorCall
        {
            Actor = actor,
            Grant = grant,
            Door = Doors.Bus,
            MessageId = messageId,
            CorrelationId = Text(context, BusHeaders.Correlation) ?? (context.CorrelationId ?? context.ConversationId ?? messageId)?.ToString("D"),
            CausationId = messageId?.ToString("D"),
            TraceParent = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : Text(context, BusHeaders.TraceParent),
        };
    }

    /// <summary>Lets only what the platform itself has published pass: events and timers are its word, and whoever could forge them would be believed.</summary>
    /// <exception cref="ForeignEventException">Somebody else sent it, or the broker vouches for nobody.</exception>
    public void RequireOwn(ConsumeContext context, string queue)
    {
        if (_ownUser is not null && Sender(context) is var user && user != _ownUser)
        {
            throw new ForeignEventException(queue, user);
        }
    }

    /// <summary>The message's id; a name-based one when the client chose a text that is no UUID.</summary>
    public static Guid? MessageId(ConsumeContext context)
    {
        if (context.MessageId is { } id)
        {
            return id;
        }

        return Amqp(context)?.Properties.MessageId is { Length: > 0 } text
            ? Guid.TryParse(text, out var parsed) ? parsed : Ids.Derive("message-id", text)
            : null;
    }

    private (string Actor, Grant Grant) Actor(ConsumeContext context, string queue)
    {
        if (options.InMemory)
        {
            return (Text(context, BusHeaders.Actor) ?? Grant.Anonymous, Grant.Platform);
        }

        var sender = Sender(context);
        if (sender is { Length: > 0 } && sender == _ownUser)
        {
            // The platform passes on who asked; a principal among them, such as the editor of a failed message, may have lost its rights since.
            var actor = Text(context, BusHeaders.Actor) ?? sender;
            return directory.Knows(actor) ? (actor, directory.OfPrincipal(actor) ?? Grant.Nothing(actor)) : (actor, Grant.Platform);
        }

        if (sender is { Length: > 0 } user)
        {
            return directory.OfBrokerUser(user) is { } grant ? (grant.Principal, grant)
                // The name of a principal is not for an account that does not speak for it.
                : AnonymousGrant is { } anyone ? (directory.Knows(user) ? Grant.Anonymous : user, anyone)
                : throw Unknown(user);
        }

        return AnonymousGrant is { } anonymous ? (Grant.Anonymous, anonymous) : throw Unknown(null);

        UnauthenticatedMessageException Unknown(string? who)
        {
            DenialLog.NoteUnauthenticated(Doors.Bus);
            return new UnauthenticatedMessageException(queue, who);
        }
    }

    private Grant? AnonymousGrant => options.AnonymousAllowed && access.AnonymousRole is { } role ? new Grant(Grant.Anonymous, role, Scopes.All) : null;

    // A message that comes back from the dead letters is under the platform's name, but not its word.
    private string? Sender(ConsumeContext context) =>
        Amqp(context)?.Properties is not { } properties ? null
        : properties.UserId == _ownUser && properties.Headers?.TryGetValue(BusHeaders.OriginalUser, out var original) == true ? AmqpTable.Plain(original) as string
        : properties.UserId;

    private static string? Text(ConsumeContext context, string header) => context.Headers.TryGetHeader(header, out var value) ? value as string : null;

    private static RabbitMqBasicConsumeContext? Amqp(ConsumeContext context) =>
        context.ReceiveContext.TryGetPayload<RabbitMqBasicConsumeContext>(out var amqp) ? amqp : null;
}
