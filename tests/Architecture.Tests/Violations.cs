using System.Runtime.InteropServices;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.EventStore;
using EventMl.Torch;
using MassTransit;
using Npgsql;

namespace EventMl.Architecture.Tests;

/// <summary>One wrong thing for every rule; never run, only read.</summary>
internal static partial class Violations
{
    internal sealed record Open(Guid Id);

    internal sealed record Shut(Guid Id);

    internal sealed record Stranger(Guid Id);

    internal sealed class DirectConsumer : IConsumer<Open>
    {
        public Task Consume(ConsumeContext<Open> context) => Task.CompletedTask;
    }

    internal class Handler<T> where T : class
    {
        public Task<CommandResult> HandleAsync(T command, CommandContext context, CancellationToken cancellationToken) => Task.FromResult(CommandResult.Accepted());

        public object? Reject(T command, Refusal refusal, CommandContext context) => null;
    }

    internal sealed class OpenHandler : Handler<Open>, ICommandHandler<Open>;

    internal sealed class Opener : Handler<Open>, ICommandHandler<Open>;

    internal sealed class ShutHandler : Handler<Shut>, ICommandHandler<Shut>;

    internal sealed class StrangerHandler : Handler<Stranger>, ICommandHandler<Stranger>;

    internal abstract class Listener : IEventHandler<Open>
    {
        public abstract Task HandleAsync(Open @event, ObserverContext context, CancellationToken cancellationToken);
    }

    internal sealed class TalkingState : SagaState;

    internal sealed class TalkingStateMachine : ProcessStateMachine<TalkingState>
    {
        public TalkingStateMachine() =>
            Initially(
                When(Opened).Publish(c => new Shut(c.Message.Id)),
                When(Closed).ThenAsync(c => c.Send(new Uri("exchange:x"), new Open(c.Message.Id))));

        public Event<Open> Opened { get; private set; } = null!;

        public Event<Shut> Closed { get; private set; } = null!;
    }

    internal sealed record AsksClock : IAggregate<AsksClock>
    {
        public static string Category => "asks-clock";

        public static AsksClock Initial { get; } = new();

        public AsksClock Evolve(object @event) => TimeProvider.System.GetUtcNow().Year > 0 ? this : new AsksClock();
    }

    internal sealed record AsksDatabase : IAggregate<AsksDatabase>
    {
        public static string Category => "asks_database";

        public static AsksDatabase Initial { get; } = new();

        public AsksDatabase Evolve(object @event) => @event is NpgsqlConnection ? this : new AsksDatabase();
    }

    internal sealed record AsksNetwork : IAggregate<AsksNetwork>
    {
        public static string Category => "asks_network";

        public static AsksNetwork Initial { get; } = new();

        public static Task<string> Decide(HttpClient client) => client.GetStringAsync(new Uri("http://127.0.0.1/"));

        public AsksNetwork Evolve(object @event) => this;
    }

    internal sealed record MakesIds : IAggregate<MakesIds>
    {
        public static string Category => "makes_ids";

        public static MakesIds Initial { get; } = new();

        public static IEnumerable<Decision> Decide(IEnumerable<Open> commands) => commands.Select(c => Decision.Of(new Shut(Ids.New())));

        public MakesIds Evolve(object @event) => this;
    }

    internal static partial class Native
    {
        [LibraryImport("libc", EntryPoint = "getpid")]
        internal static partial int ProcessId();
    }

    internal sealed class TrainsAtOnce
    {
        public required ModelTrainer Trainer { get; init; }
    }
}

/// <summary>An area's module as it must not be.</summary>
internal static class OddModule
{
    public static void AddOdd()
    {
        // Never run, only read.
    }

    public static void Declare()
    {
        // Never run, only read.
    }
}
