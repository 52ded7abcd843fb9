using System.Collections.Frozen;

namespace EventMl.Bus;

/// <summary>Where a command lives: its area (also the schema of its inbox), the category of its refusals, its queue, and the least role for it.</summary>
internal sealed record CommandRoute(Type Command, string Area, string Category, string Queue, Role Role)
{
    /// <summary>What the command needs of its caller.</summary>
    public AccessRule Rule { get; } = new(Role, Area);
}

/// <summary>A command that this process takes, for those who tell what it needs.</summary>
/// <param name="Command">The message of Contracts.</param>
/// <param name="Area">Its area.</param>
/// <param name="Needs">The least role that may give it.</param>
/// <param name="Queue">Its queue.</param>
public sealed record RegisteredCommand(Type Command, string Area, Role Needs, string Queue);

/// <summary>Every command this process knows.</summary>
internal sealed class CommandRoutes(IEnumerable<CommandRoute> routes)
{
    private readonly FrozenDictionary<Type, CommandRoute> _routes = routes.ToFrozenDictionary(r => r.Command);

    public CommandRoute Find<TCommand>() => _routes.TryGetValue(typeof(TCommand), out var route)
        ? route
        : throw new InvalidOperationException($"{typeof(TCommand).Name} has no handler here; register it with AddCommand in AddEventMlBus.");
}
