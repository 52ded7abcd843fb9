using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EventMl.EventStore;

/// <summary>Work that one process of all does at a time: waits for the lease, leads, renews, and lets go.</summary>
public abstract class LeaderService(NpgsqlDataSource dataSource, LedgerOptions options, string name, ILogger logger) : BackgroundService
{
    private static readonly TimeSpan _releaseLimit = TimeSpan.FromSeconds(2);

    /// <summary>The ledger's connections.</summary>
    protected NpgsqlDataSource DataSource => dataSource;

    /// <summary>The ledger's options.</summary>
    protected LedgerOptions Options => options;

    /// <summary>The lease; its name is that of the work.</summary>
    protected LeaderLease Lease { get; } = new(dataSource, options, name);

    /// <summary>The work; ends when cancelled or when a write was refused for its epoch.</summary>
    protected abstract Task LeadAsync(CancellationToken cancellationToken);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var troubled = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var led = await Lease.AcquireAsync(stoppingToken);
                if (troubled)
                {
                    logger.LogInformation("{Leader}: the database answers again", name);
                    troubled = false;
                }

                if (led)
                {
                    logger.LogInformation("{Leader}: leading with epoch {Epoch}", name, Lease.Epoch);
                    await LeadUnderLeaseAsync(stoppingToken);
                    logger.LogInformation("{Leader}: leads no longer", name);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                if (!troubled)
                {
                    logger.LogError(e, "{Leader}: stopped by an error and tries again until it goes on", name);
                    troubled = true;
                }
            }

            await Task.Delay(options.LeaseTime / 10, TimeProvider.System, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await ReleaseAsync();
    }

    private async Task LeadUnderLeaseAsync(CancellationToken stoppingToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var tasks = new[] { LeadAsync(over.Token), RenewAsync(over.Token) };
        var first = await Task.WhenAny(tasks);
        await over.CancelAsync();
        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // The one that ended first says why; the other was only cancelled.
        await first;
    }

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(options.LeaseTime / 3, TimeProvider.System, cancellationToken);
            try
            {
                if (!await Lease.RenewAsync(cancellationToken))
                {
                    return;
                }
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException && Lease.IsHeld)
            {
                // There is time for another try before the lease runs out.
            }
        }
    }

    private async Task ReleaseAsync()
    {
        if (!Lease.IsHeld)
        {
            return;
        }

        try
        {
            using var limit = new CancellationTokenSource(_releaseLimit, TimeProvider.System);
            await Lease.ReleaseAsync(limit.Token);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException or ObjectDisposedException)
        {
            // It runs out by itself.
        }
    }
}
