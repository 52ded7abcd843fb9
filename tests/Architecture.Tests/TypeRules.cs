using Mono.Cecil;

namespace EventMl.Architecture.Tests;

/// <summary>What holds for types; each rule is a function from types to the names of the violations.</summary>
internal static class TypeRules
{
    private const string CommandHandler = "EventMl.Bus.ICommandHandler`1";
    private const string EventHandler = "EventMl.Bus.IEventHandler`1";
    private const string Aggregate = "EventMl.EventStore.IAggregate`1";

    // What asks the world something, or tells it.
    private static readonly string[] _impure =
    [
        "Npgsql.", "MassTransit.", "Microsoft.", "System.Net.", "System.IO.", "System.Threading.", "System.TimeProvider", "System.Random", "System.Environment",
        "System.Diagnostics.", "EventMl.Bus.", "EventMl.Contracts.Ids", "EventMl.EventStore.Ledger", "EventMl.Lake.", "EventMl.Torch.",
    ];

    private static readonly string[] _broker = ["Publish", "Send", "Respond", "Request", "Forward", "Redeliver", "ScheduleSend"];

    /// <summary>Only the Bus knows MassTransit, and sagas know its state machines.</summary>
    public static IEnumerable<string> KnowsMassTransit(IEnumerable<TypeDefinition> types) =>
        types.Where(t => t.Home() is not ("EventMl.Bus" or "EventMl.Sagas") && t.Mentions().Any(m => m.StartsWith("MassTransit.", StringComparison.Ordinal)))
            .Select(t => t.FullName);

    /// <summary>Commands without exactly one handler.</summary>
    public static IEnumerable<string> WithoutOneHandler(IEnumerable<string> commands, IEnumerable<TypeDefinition> types)
    {
        var handled = types.SelectMany(t => t.Implements(CommandHandler)).CountBy(i => i.GenericArguments[0].FullName).ToDictionary(StringComparer.Ordinal);
        return commands.Where(c => handled.GetValueOrDefault(c) != 1).Select(c => $"{c}: {handled.GetValueOrDefault(c)} handlers")
            .Concat(handled.Keys.Except(commands, StringComparer.Ordinal).Select(c => $"{c}: no command of Contracts"));
    }

    /// <summary>What handles a message says so in its name.</summary>
    public static IEnumerable<string> NotNamedHandler(IEnumerable<TypeDefinition> types) =>
        types.Where(t => !t.IsInterface && (t.Implements(CommandHandler).Any() || t.Implements(EventHandler).Any()) && !t.Name.Split('`')[0].EndsWith("Handler", StringComparison.Ordinal))
            .Select(t => t.FullName);

    /// <summary>A saga writes what it wants into its own transaction; what it sent itself could go out without its state.</summary>
    public static IEnumerable<string> SagaTalksToBroker(IEnumerable<TypeDefinition> types) =>
        from type in types
        where Around(type).Any(IsStateMachine)
        from use in type.Uses().OfType<MethodReference>()
        where Names(use.DeclaringType).StartsWith("MassTransit.", StringComparison.Ordinal) && _broker.Any(b => use.Name.StartsWith(b, StringComparison.Ordinal))
        select $"{type.FullName} calls {use.Name}";

    /// <summary>An aggregate decides from state, command and time alone.</summary>
    public static IEnumerable<string> ImpureAggregate(IReadOnlyCollection<TypeDefinition> types)
    {
        var aggregates = types.Where(IsAggregate).Select(t => t.FullName).ToHashSet(StringComparer.Ordinal);
        return from type in types
               where Around(type).Any(t => aggregates.Contains(t.FullName))
               from mentioned in type.Mentions()
               where _impure.Any(i => mentioned.StartsWith(i, StringComparison.Ordinal)) && !mentioned.EndsWith("Attribute", StringComparison.Ordinal)
               select $"{type.FullName} mentions {mentioned}";
    }

    /// <summary>Stream ids are cut at the first <c>-</c>, so a category has none.</summary>
    public static IEnumerable<string> CategoryWithDash(IEnumerable<TypeDefinition> types) =>
        from type in types.Where(IsAggregate)
        from text in type.Methods.Single(m => m.Name.EndsWith("get_Category", StringComparison.Ordinal)).Body.Instructions.Select(i => i.Operand).OfType<string>()
        where text.Contains('-', StringComparison.Ordinal)
        select $"{type.FullName}: {text}";

    /// <summary>Native code is called only where it is wrapped.</summary>
    public static IEnumerable<string> CallsNative(IEnumerable<TypeDefinition> types, params string[] allowed) =>
        types.Where(t => t.Methods.Any(m => m.IsPInvokeImpl) && !allowed.Contains(t.Home())).Select(t => t.FullName);

    /// <summary>The client talks to servers over REST; of the ledger it knows the proof alone, never the database.</summary>
    public static IEnumerable<string> KnowsLedger(IEnumerable<TypeDefinition> types) =>
        from type in types
        from mentioned in type.Mentions()
        where mentioned.StartsWith("Npgsql.", StringComparison.Ordinal)
            || (mentioned.StartsWith("EventMl.EventStore.", StringComparison.Ordinal) && !mentioned.StartsWith("EventMl.EventStore.Proof.", StringComparison.Ordinal))
        select $"{type.FullName} mentions {mentioned}";

    /// <summary>Training goes on in a child process of its own, never in a host.</summary>
    public static IEnumerable<string> TrainsOutsideJob(IEnumerable<TypeDefinition> types) =>
        types.Where(t => t.Home() != "EventMl.Torch" && t.Outermost().Namespace != "EventMl.Host.Jobs")
            .Where(t => t.Mentions().Any(m => m.Split('/')[0] is "EventMl.Torch.ModelTrainer"))
            .Select(t => t.FullName);

    /// <summary>An area's module has the platform's verbs and no others: what a host knows of one area it knows of all.</summary>
    public static IEnumerable<string> UnevenModule(IEnumerable<TypeDefinition> types) =>
        from module in types
        where module.DeclaringType is null && module.Name.EndsWith("Module", StringComparison.Ordinal) && module.Home() != "EventMl.Sagas"
        let area = module.Name[..^"Module".Length]
        let verbs = module.Methods.Where(m => m is { IsPublic: true, IsStatic: true }).Select(m => m.Name).ToArray()
        from wrong in verbs.Except(Verbs(area), StringComparer.Ordinal)
            .Concat(Verbs(area)[..2].Except(verbs, StringComparer.Ordinal).Select(v => $"no {v}"))
        select $"{module.FullName}: {wrong}";

    private static string[] Verbs(string area) => [$"Add{area}", $"Map{area}", $"Add{area}Commands", "CreateSql", "get_Owner"];

    private static bool IsStateMachine(TypeDefinition type) =>
        type.BaseType is GenericInstanceType parent && parent.ElementType.FullName is "EventMl.Bus.ProcessStateMachine`1" or "MassTransit.MassTransitStateMachine`1";

    private static bool IsAggregate(TypeDefinition type) => !type.IsInterface && type.Implements(Aggregate).Any();

    private static IEnumerable<TypeDefinition> Around(TypeDefinition type) => type.DeclaringType is { } outer ? Around(outer).Append(type) : [type];

    private static string Names(TypeReference type) => (type is GenericInstanceType generic ? generic.ElementType : type).FullName;
}
