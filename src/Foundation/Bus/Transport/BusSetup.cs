using System.ComponentModel.DataAnnotations;
using System.Reflection;
using EventMl.EventStore;
using MassTransit;
using MassTransit.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EventMl.Bus;

/// <summary>Puts the process on the bus.</summary>
public static class BusSetup
{
    // A process that was stopped keeps what it was handed out until the broker has missed two of these.
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Adds the command door, the consumers and sagas of <paramref name="register"/>, the outbox dispatcher and the relay's publisher; needs a <see cref="Ledger"/>.</summary>
    /// <returns>What was registered, for <see cref="BusSchema.DeclareAsync"/>.</returns>
    /// <exception cref="ValidationException">An option is not allowed.</exception>
    public static BusRegistrations AddEventMlBus(this IServiceCollection services, BusOptions options, Action<BusRegistrations> register)
    {
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        var registrations = new BusRegistrations(services);
        register(registrations);
        services.AddSingleton(options);
        services.AddSingleton(registrations);
        services.AddSingleton(registrations.Routes());
        services.TryAddSingleton(TimeProvider.System);
        services.AddAccess();
        services.AddSingleton<Caller>();
        services.AddSingleton<RefusalLimiter>();
        services.AddSingleton<OutboxSignal>();
        services.AddSingleton<DatabaseGate>();
        services.AddSingleton(p => new LedgerPublisher(p.GetRequiredService<IBus>(), registrations));
        services.TryAddSingleton<IEventPublisher>(p => p.GetRequiredService<LedgerPublisher>());
        services.AddSingleton(p => new CommandDoor(
            p.GetRequiredService<Ledger>(), p.GetRequiredService<IServiceScopeFactory>(), p.GetRequiredService<CommandRoutes>(), p.GetRequiredService<RefusalLimiter>(), p.GetRequiredService<DenialLog>()));
        services.AddSingleton<QueueDirectory>();
        services.AddHostedService<BusStart>();
        AddTransport(services, options, registrations);
        services.AddHostedService<Retention>();
        if (!options.InMemory)
        {
            services.TryAddSingleton<HandledMessages>();
            services.AddSingleton<ExpectedQueues>();
            services.AddSingleton<LostEvents>();
            services.AddSingleton<SentMessages>();
            services.AddHostedService<QueueKeeper>();
            services.AddSingleton<BusWatch>();
            services.AddHostedService(p => p.GetRequiredService<BusWatch>());
        }

        if (registrations.HasSagas)
        {
            services.AddHostedService<OutboxDispatcher>();
        }

        return registrations;
    }

    /// <summary>Has every dead letter of the platform kept by <typeparamref name="TStore"/>, and adds what brings messages back: <see cref="RawSender"/> and <see cref="HandledMessages"/>.</summary>
    public static IServiceCollection AddDeadLetterCollector<TStore>(this IServiceCollection services)
        where TStore : class, IDeadLetterStore
    {
        services.AddSingleton<IDeadLetterStore, TStore>();
        services.AddSingleton(p => new RawSender(p.GetRequiredService<BusOptions>()));
        services.TryAddSingleton<HandledMessages>();
        services.AddHostedService<DeadLetterCollector>();
        return services;
    }

    /// <summary>Sets up exchanges, queues and bindings without consuming, so that nothing published before the first worker starts is lost.</summary>
    /// <param name="options">The same options the workers use.</param>
    /// <param name="register">The same registrations, of all areas.</param>
    /// <param name="messages">Assemblies whose public records are messages; each gets its exchange even if nobody here listens.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task DeclareAsync(
        BusOptions options, Action<BusRegistrations> register, IEnumerable<Assembly> messages, CancellationToken cancellationToken = default)
    {
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        if (options.InMemory)
        {
            return;
        }

        var registrations = new BusRegistrations(new ServiceCollection());
        register(registrations);
        await BusTopology.DeclareAsync(options, registrations, EventMessages(messages), cancellationToken);
    }

    private static List<Type> EventMessages(IEnumerable<Assembly> assemblies) =>
        [.. assemblies.SelectMany(a => a.GetExportedTypes()).Where(t => t is { IsClass: true, IsAbstract: false, IsGenericType: false } && t.GetMethod("<Clone>$") is not null)];

    private static void AddTransport(IServiceCollection services, BusOptions options, BusRegistrations registrations)
    {
        services.AddOptions<MassTransitHostOptions>().Configure(host =>
        {
            // A worker starts while the broker is away and gets to work when it returns.
            host.WaitUntilStarted = false;
            host.StopTimeout = TimeSpan.FromSeconds(30);
        });
        services.AddMassTransit(x =>
        {
            x.DisableUsageTelemetry();
            registrations.Apply(x);
            if (options.InMemory)
            {
                x.UsingInMemory((context, bus) => Configure(bus, context, options, registrations));
                return;
            }

            x.UsingRabbitMq((context, bus) =>
            {
                bus.Host(options.Broker.First, host =>
                {
                    options.Broker.Configure(host);
                    host.Heartbeat(Heartbeat);
                });
                // The broker checks the name against the account, so that receivers can believe the actor header.
                var user = options.Broker.User;
                bus.ConfigurePublish(p => p.UseExecute(send => Sign(send, user)));
                bus.ConfigureSend(s => s.UseExecute(send => Sign(send, user)));
                Configure(bus, context, options, registrations);
            });
        });
    }

    private static void Sign(SendContext send, string user)
    {
        if (send.TryGetPayload<RabbitMqSendContext>(out var amqp))
        {
            amqp.BasicProperties.UserId = user;
        }
    }

    private static void Configure<TEndpoint>(IBusFactoryConfigurator<TEndpoint> bus, IBusRegistrationContext context, BusOptions options, BusRegistrations registrations)
        where TEndpoint : IReceiveEndpointConfigurator
    {
        bus.MessageTopology.SetEntityNameFormatter(BusNames.Formatter);
        foreach (var registered in registrations.Endpoints)
        {
            bus.ReceiveEndpoint(options.QueuePrefix + registered.Queue, endpoint =>
            {
                endpoint.PrefetchCount = options.PrefetchCount;
                endpoint.ConcurrentMessageLimit = options.ConcurrencyLimit;
                if (endpoint is IRabbitMqReceiveEndpointConfigurator rabbit && options.Quorum)
                {
                    rabbit.SetQuorumQueue();
                }

                if (registered.PlainJson)
                {
                    endpoint.UseRawJsonDeserializer(RawSerializerOptions.AnyMessageType, isDefault: true);
                }
                else
                {
                    // Plain JSON does not say which of several messages it is; such a queue takes envelopes only.
                    var envelope = new SystemTextJsonMessageSerializerFactory();
                    endpoint.ClearSerialization();
                    endpoint.AddSerializer(envelope);
                    endpoint.AddDeserializer(envelope, isDefault: true);
                }

                if (!options.InMemory)
                {
                    endpoint.ConnectReceiveEndpointObserver(context.GetRequiredService<BusWatch>());
                }

                DeadLetters.Configure(endpoint, options.InMemory ? null : options.Broker.User);
                if (options.RetryLimit > 0)
                {
                    endpoint.UseMessageRetry(retry =>
                    {
                        retry.Immediate(options.RetryLimit);
                        retry.Handle<Exception>(PassingFaults.IsPassing);
                    });
                    // Within the retries, since it is what they wait for.
                    endpoint.UseConsumeFilter(typeof(PassingFaultFilter<>), context);
                }

                registered.Configure(endpoint, context);
            });
        }
    }

    private sealed class BusStart(BusOptions options, BusRegistrations registrations, QueueDirectory directory, Ledger ledger, ILogger<BusStart> log) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            if (options.InMemory)
            {
                log.LogWarning("The bus is in memory: messages in flight do not survive a crash or a restart. Set the bus transport to 'rabbitmq' for work that matters.");
                return Task.CompletedTask;
            }

            return ledger.AwaitDatabaseAsync(() => directory.AddAsync(registrations, cancellationToken), log, cancellationToken);
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
