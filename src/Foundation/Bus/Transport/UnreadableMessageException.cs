using System.Runtime.ExceptionServices;
using System.Text.Json;

namespace EventMl.Bus;

/// <summary>A body that is not what its queue takes; says where, for the person who looks at the dead letter.</summary>
public sealed class UnreadableMessageException : Exception
{
    private UnreadableMessageException(string message)
        : base(message)
    {
    }

    /// <summary>The fault in words when it is one of JSON, else null. Dead letters carry the innermost exception, which knows the JSON but not the member.</summary>
    internal static UnreadableMessageException? From(Exception fault)
    {
        if (Chain(fault).OfType<JsonException>().FirstOrDefault() is not { } json)
        {
            return null;
        }

        var where = json.Path is { Length: > 1 } path ? $"the member '{path.TrimStart('$').TrimStart('.')}' cannot be read" : "it is not a JSON object that can be read";
        var readable = new UnreadableMessageException($"The body is not what this queue takes: {where}. {json.Message} The members of every message stand in docs/messages.md.");
        return (UnreadableMessageException)ExceptionDispatchInfo.SetRemoteStackTrace(readable, json.StackTrace ?? fault.StackTrace ?? "");
    }

    private static IEnumerable<Exception> Chain(Exception fault)
    {
        for (var e = fault; e is not null; e = e.InnerException)
        {
            yield return e;
        }
    }
}
