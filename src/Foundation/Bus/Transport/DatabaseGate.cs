using EventMl.EventStore;
using MassTransit;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EventMl.Bus;

/// <summary>Holds messages while the database is away, so that an outage of any length makes no dead letters; one look-out for all of them.</summary>
internal sealed class DatabaseGate(Ledger ledger, ILogger<DatabaseGate> log)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private Task? _looking;

    /// <summary>Returns when the database answers; at once when it does.</summary>
    public Task UntilBackAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_looking is not { IsCompleted: false })
            {
                _looking = LookAsync();
            }

            return _looking.WaitAsync(cancellationToken);
        }
    }

    private async Task LookAsync()
    {
        for (var looks = 0; ; looks++)
        {
            try
            {
                await using var look = ledger.DataSource.CreateCommand("select 1");
                look.CommandTimeout = 5;
                await look.ExecuteScalarAsync();
                if (looks > 0)
                {
                    log.LogInformation("The database answers again; the messages that waited go on");
                }

                return;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                if (looks == 0)
                {
                    log.LogWarning("The database is away ({Reason}); messages wait in their queues until it is back", e.Message);
                }
            }
            catch (ObjectDisposedException)
            {
                // The process ends; the broker hands the messages to others.
                return;
            }

            await Task.Delay(LookInterval, TimeProvider.System);
        }
    }
}

/// <summary>Comes between a passing fault and the next try: waits while the database is away, then a while that doubles with every try, with jitter so that those who failed together do not come together.</summary>
internal sealed class PassingFaultFilter<T>(DatabaseGate gate, BusOptions options) : IFilter<ConsumeContext<T>>
    where T : class
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    public void Probe(ProbeContext context) => context.CreateFilterScope("passingFault");

    public async Task Send(ConsumeContext<T> context, IPipe<ConsumeContext<T>> next)
    {
        try
        {
            await next.Send(context);
        }
        catch (Exception e) when (PassingFaults.IsPassing(e) && context.GetRetryAttempt() < options.RetryLimit)
        {
            if (PassingFaults.IsAway(e))
            {
                await gate.UntilBackAsync(context.CancellationToken);
            }

            var longest = options.RetryInterval * Math.Pow(2, Math.Min(context.GetRetryAttempt(), 20));
            longest = longest < LongestPause ? longest : LongestPause;
            await Task.Delay(longest * (0.5 + (Random.Shared.NextDouble() / 2)), context.CancellationToken);
            throw;
        }
    }
}

/// <summary>Which faults go away by themselves.</summary>
internal static class PassingFaults
{
    /// <summary>The same may work when it is tried again.</summary>
    public static bool IsPassing(Exception e) =>
        e is TimeoutException or LedgerConflictException or ConcurrencyException || (e is NpgsqlException database && Ledger.IsPassing(database));

    /// <summary>The database itself did not answer, or is going down or coming up.</summary>
    public static bool IsAway(Exception e) => e switch
    {
        PostgresException p => p.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
            || p.SqlState.StartsWith("08", StringComparison.Ordinal),
        NpgsqlException n => n.IsTransient,
        _ => false,
    };
}
