using EventMl.EventStore;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EventMl.Bus;

/// <summary>Holds messages while the database is away, so that an outage of any length makes no dead letters; one look-out for all of them.</summary>
internal sealed class DatabaseGate(Ledger ledger, IHostApplicationLifetime process, ILogger<DatabaseGate> log)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StoppingPause = TimeSpan.FromMilliseconds(200);
    private readonly Lock _lock = new();
    private Task? _looking;

    /// <summary>Waits while the database is away, if it is, and then for a pause.</summary>
    /// <exception cref="WorkerStoppingException">The process ends before that.</exception>
    public async Task WaitAsync(bool away, TimeSpan pause, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, process.ApplicationStopping);
        try
        {
            if (away)
            {
                await LookingAsync().WaitAsync(ending.Token);
            }

            await Task.Delay(pause, TimeProvider.System, ending.Token);
        }
        catch (OperationCanceledException)
        {
            // The broker hands it out again at once, also to us as long as we listen.
            await Task.Delay(StoppingPause, TimeProvider.System, CancellationToken.None);
            throw new WorkerStoppingException();
        }
    }

    private Task LookingAsync()
    {
        lock (_lock)
        {
            return _looking is { IsCompleted: false } looking ? looking : _looking = LookAsync();
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

            await Task.Delay(LookInterval, TimeProvider.System, process.ApplicationStopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (process.ApplicationStopping.IsCancellationRequested)
            {
                return;
            }
        }
    }
}

/// <summary>The process ends while a message waits to be tried again; it goes back to its queue.</summary>
internal sealed class WorkerStoppingException() : Exception("The worker ends; the message stays in its queue.");

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
            var longest = options.RetryInterval * Math.Pow(2, Math.Min(context.GetRetryAttempt(), 20));
            longest = longest < LongestPause ? longest : LongestPause;
            await gate.WaitAsync(PassingFaults.IsAway(e), longest * (0.5 + (Random.Shared.NextDouble() / 2)), context.CancellationToken);
            throw;
        }
    }
}

/// <summary>Which faults go away by themselves.</summary>
internal static class PassingFaults
{
    /// <summary>The same may work when it is tried again; sagas wrap what went wrong.</summary>
    public static bool IsPassing(Exception e) =>
        e is TimeoutException or LedgerConflictException or ConcurrencyException
        || (e is NpgsqlException database && Ledger.IsPassing(database))
        || (e.InnerException is { } inner && IsPassing(inner));

    /// <summary>The database itself did not answer, or is going down or coming up.</summary>
    public static bool IsAway(Exception e) => e switch
    {
        PostgresException p => p.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
            || p.SqlState.StartsWith("08", StringComparison.Ordinal),
        NpgsqlException n => n.IsTransient,
        { InnerException: { } inner } => IsAway(inner),
        _ => false,
    };
}
