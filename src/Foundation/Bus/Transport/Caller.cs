using System.Diagnostics;
using EventMl.Contracts;
using MassTransit;

namespace EventMl.Bus;

/// <summary>Maps the name a message was sent under (checked by the broker) to a principal of the platform.</summary>
public interface IBusPrincipals
{
    /// <summary>The principal of a broker user.</summary>
    string Find(string userId);
}

/// <summary>A broker user is its own principal.</summary>
internal sealed class SameNamePrincipals : IBusPrincipals
{
    public string Find(string userId) => userId;
}

/// <summary>Finds out who sent a message and because of what.</summary>
internal sealed class Caller(BusOptions options, IBusPrincipals principals)
{
    private readonly string? _ownUser = options.InMemory ? null : options.Broker.User;

    /// <summary>The call a consumed message makes.</summary>
    /// <exception cref="UnauthenticatedMessageException">Nobody vouches for the sender.</exception>
    public DoorCall Identify(ConsumeContext context, string queue)
    {
        var messageId = MessageId(context);
        return new DoorCall
        {
            Actor = Actor(context, queue),
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

    private string Actor(ConsumeContext context, string queue)
    {
        if (options.InMemory)
        {
            return Text(context, BusHeaders.Actor) ?? "anonymous";
        }

        return Sender(context) switch
        {
            { Length: > 0 } user when user == _ownUser => Text(context, BusHeaders.Actor) ?? user,
            { Length: > 0 } user => principals.Find(user),
            _ when options.AnonymousAllowed => "anonymous",
            _ => throw new UnauthenticatedMessageException(queue),
        };
    }

    // A message that comes back from the dead letters is under the platform's name, but not its word.
    private string? Sender(ConsumeContext context) =>
        Amqp(context)?.Properties is not { } properties ? null
        : properties.UserId == _ownUser && properties.Headers?.TryGetValue(BusHeaders.OriginalUser, out var original) == true ? AmqpTable.Plain(original) as string
        : properties.UserId;

    private static string? Text(ConsumeContext context, string header) => context.Headers.TryGetHeader(header, out var value) ? value as string : null;

    private static RabbitMqBasicConsumeContext? Amqp(ConsumeContext context) =>
        context.ReceiveContext.TryGetPayload<RabbitMqBasicConsumeContext>(out var amqp) ? amqp : null;
}
