using System.ComponentModel.DataAnnotations;
using System.Globalization;
using EventMl.EventStore;
using EventMl.EventStore.Proof;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the ledger.</summary>
public static class LedgerServices
{
    /// <summary>Adds the ledger, its connections and its event types (those of Contracts and of <paramref name="eventAssemblies"/>).</summary>
    public static IServiceCollection AddLedger(this IServiceCollection services, LedgerOptions options, params System.Reflection.Assembly[] eventAssemblies)
    {
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => CreateDataSource(options));
        services.TryAddSingleton(_ => new EventTypes([typeof(EventMl.Contracts.Ids).Assembly, .. eventAssemblies]));
        services.TryAddSingleton<LedgerSignal>();
        services.TryAddSingleton(p => new AreaConnections(p.GetRequiredService<NpgsqlDataSource>(), options));
        services.TryAddSingleton<Ledger>();
        services.AddHostedService<LedgerStart>();
        services.AddHostedService<LedgerNotifier>();
        return services;
    }

    /// <summary>Adds a view; its table is made by <see cref="LedgerSchema.DeclareAsync"/> and it gets the connections by injection.</summary>
    public static IServiceCollection AddView<TView, TRow>(this IServiceCollection services)
        where TView : View<TRow>
        where TRow : class
    {
        services.TryAddSingleton<TView>();
        services.AddSingleton<IInlineView>(p => p.GetRequiredService<TView>());
        return services;
    }

    /// <summary>Adds the sequencer and the relay; of all processes that do, one leads. The relay needs an <see cref="IEventPublisher"/>.</summary>
    public static IServiceCollection AddLedgerLeader(this IServiceCollection services) => services.AddLedgerSequencer().AddHostedService<Relay>();

    /// <summary>Adds the sequencer alone: events get their positions and go nowhere.</summary>
    public static IServiceCollection AddLedgerSequencer(this IServiceCollection services) => services.AddHostedService<Sequencer>();

    /// <summary>Adds the notary that seals the ledger; of all processes that do, one leads. It needs an <see cref="IAnchorStore"/>.</summary>
    public static IServiceCollection AddLedgerNotary(this IServiceCollection services, NotaryOptions options)
    {
        services.AddSingleton(options);
        services.AddHostedService<Notary>();
        return services;
    }

    /// <summary>The connections of a ledger: prepared statements on, named for the server's activity list.</summary>
    /// <exception cref="OptionsValidationException">An option is missing or out of range.</exception>
    public static NpgsqlDataSource CreateDataSource(LedgerOptions options) => CreateDataSource(options, role: null);

    /// <summary>The same with another role's rights; an area works with few of them at a time.</summary>
    internal static NpgsqlDataSource CreateDataSource(LedgerOptions options, string? role)
    {
        Validate(options);
        try
        {
            var connection = new NpgsqlConnectionStringBuilder(options.ConnectionString) 
            {
                MaxAutoPrepare = 20,
                AutoPrepareMinUsages = 2,
                // Whoever changes a session puts it back; resetting it for everybody costs as much as a short transaction.
                NoResetOnClose = true,
            };
            connection.ApplicationName ??= "eventml";
            // What the connection string says comes last and wins.
            connection.Options = string.Create(
                CultureInfo.InvariantCulture,
                $"-c idle_in_transaction_session_timeout={options.IdleTransactionTimeout.TotalMilliseconds:F0} -c statement_timeout={options.StatementTimeout.TotalMilliseconds:F0} {connection.Options}").TrimEnd();
            if (role is not null)
            {
                connection.Options += $" -c role={role}";
                connection.MaxPoolSize = Math.Max(10, connection.MaxPoolSize / 3);
            }

            return NpgsqlDataSource.Create(connection);
        }
        catch (ArgumentException e)
        {
            throw new OptionsValidationException(nameof(LedgerOptions), typeof(LedgerOptions), [$"EVENTML_POSTGRES is not a connection string of Npgsql (Host=…;Port=…;Username=…;Password=…;Database=…): {e.Message}"]);
        }
    }

    internal static void Validate(LedgerOptions options)
    {
        var results = new List<ValidationResult>();
        if (!Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true))
        {
            throw new OptionsValidationException(nameof(LedgerOptions), typeof(LedgerOptions), results.Select(r => r.ErrorMessage!));
        }
    }
}
