using System.Text.RegularExpressions;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace EventMl.Bus;

/// <summary>What this process does on the bus, said once per command, saga and observer.</summary>
public sealed partial class BusRegistrations
{
    private readonly IServiceCollection _services;
    private readonly List<CommandRoute> _commands = [];
    private readonly HashSet<string> _areas = new(StringComparer.Ordinal);
    private readonly HashSet<string> _queues = new(StringComparer.Ordinal);
    private readonly List<Action<IBusRegistrationConfigurator>> _consumers = [];

    internal BusRegistrations(IServiceCollection services) => _services = services;

    /// <summary>Schemas this process has inboxes in; to be given to <see cref="BusSchema.DeclareAsync"/>.</summary>
    public IReadOnlyCollection<string> Areas => _areas;

    /// <summary>The commands taken here, with what they need of their senders.</summary>
    public IReadOnlyList<RegisteredCommand> Commands => [.. _commands.Select(c => new RegisteredCommand(c.Command, c.Area, c.Role, c.Queue))];

    internal List<Endpoint> Endpoints { get; } = [];

    internal bool HasSagas { get; private set; }

    /// <summary>A command with its handler: the REST door finds it, and its queue is consumed here.</summary>
    /// <param name="area">Area of the command, also the schema of its inbox.</param>
    /// <param name="needs">The least role that may give it; callers need the area among their scopes too. Commands that only the platform gives itself need an admin.</param>
    /// <param name="category">Stream category its refusals are named after (<c>training_task</c> → <c>training_task_refusal</c>); the area when absent.</param>
    public BusRegistrations AddCommand<TCommand, THandler>(string area, Role needs, string? category = null)
        where TCommand : class
        where THandler : class, ICommandHandler<TCommand>
    {
        var queue = Claim(area, BusNames.CommandQueue(area, typeof(TCommand)));
        _services.TryAddScoped<ICommandHandler<TCommand>, THandler>();
        _commands.Add(new CommandRoute(typeof(TCommand), area, category ?? area, queue, needs));
        _consumers.Add(x => x.AddConsumer<CommandConsumer<TCommand>>());
        Endpoints.Add(new Endpoint(queue, PlainJson: true, () => [typeof(TCommand)], (endpoint, context) => endpoint.ConfigureConsumer<CommandConsumer<TCommand>>(context)));
        return this;
    }

    /// <summary>A saga whose state machine needs nothing to be made.</summary>
    /// <inheritdoc cref="AddSaga{TStateMachine,TState}(string,Func{TStateMachine})"/>
    public BusRegistrations AddSaga<TStateMachine, TState>(string kind)
        where TStateMachine : class, SagaStateMachine<TState>, new()
        where TState : SagaState => AddSaga<TStateMachine, TState>(kind, () => new TStateMachine());

    /// <summary>An area's reaction to an event; runs once per event in one ledger transaction.</summary>
    public BusRegistrations AddObserver<TEvent, TObserver>(string area)
        where TEvent : class
        where TObserver : class, IEventHandler<TEvent>
    {
        var queue = Claim(area, BusNames.ObserverQueue(area, typeof(TEvent)));
        _services.TryAddScoped<TObserver>();
        _services.AddSingleton(new ObserverRoute<TEvent, TObserver>(area, queue));
        _consumers.Add(x => x.AddConsumer<ObserverConsumer<TEvent, TObserver>>());
        Endpoints.Add(new Endpoint(queue, PlainJson: false, () => [typeof(TEvent)], (endpoint, context) => endpoint.ConfigureConsumer<ObserverConsumer<TEvent, TObserver>>(context)));
        return this;
    }

    /// <summary>A saga; its instances are rows of <c>sagas.saga</c>.</summary>
    /// <param name="kind">Name of the saga, which also names its queue: <c>sagas-&lt;kind&gt;</c>.</param>
    /// <param name="create">Makes the state machine.</param>
    public BusRegistrations AddSaga<TStateMachine, TState>(string kind, Func<TStateMachine> create)
        where TStateMachine : class, SagaStateMachine<TState>
        where TState : SagaState
    {
        var queue = Claim(BusSchema.Sagas, BusNames.SagaQueue(kind));
        HasSagas = true;
        _services.AddSingleton(new SagaKind<TState>(kind));
        _consumers.Add(x =>
        {
            x.AddSagaStateMachine<TStateMachine, TState>().Repository(SagaStore.Register<TState>);
            // Instead of the one that MassTransit would make.
            x.AddSingleton(_ => create());
        });
        Endpoints.Add(new Endpoint(queue, PlainJson: false, () => BusTopology.MessagesOf<TState>(create()), (endpoint, context) => endpoint.ConfigureSaga<TState>(context)));
        return this;
    }

    internal CommandRoutes Routes() => new(_commands);

    internal void Apply(IBusRegistrationConfigurator configurator) => _consumers.ForEach(add => add(configurator));

    private string Claim(string area, string queue)
    {
        if (!Name().IsMatch(queue) || !Schema().IsMatch(area))
        {
            throw new ArgumentException($"'{area}' and '{queue}' must be lower-case names.", nameof(area));
        }

        _areas.Add(area);
        return _queues.Add(queue) ? queue : throw new ArgumentException($"The queue '{queue}' is registered twice; a command has exactly one handler.", nameof(queue));
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9_-]{0,100}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();

    [GeneratedRegex("^[a-z][a-z0-9_]{0,40}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Schema();

    /// <summary>A queue with what reads it; plain JSON only where one message type is meant.</summary>
    internal sealed record Endpoint(string Queue, bool PlainJson, Func<IEnumerable<Type>> Messages, Action<IReceiveEndpointConfigurator, IBusRegistrationContext> Configure);
}
