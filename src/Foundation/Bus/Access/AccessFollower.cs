using EventMl.EventStore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EventMl.Bus;

/// <summary>Keeps the directory of this process up to date; a host opens its doors only after the first time.</summary>
internal sealed class AccessFollower(Ledger ledger, AccessDirectory directory, ILogger<AccessFollower> log) : BackgroundService
{
    private static readonly TimeSpan PauseWithoutServer = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(5);
    private readonly CategoryFeed _feed = new(ledger, [AccessStreams.Principal, AccessStreams.ApiKey]);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await base.StartAsync(cancellationToken);
        await directory.Ready.WaitAsync(LongestStart, TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var away = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                directory.Take(await _feed.NextAsync(stoppingToken));
                away = false;
                await _feed.WaitAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The loop is a process edge: whatever the database does, it must go on.
                if (!away)
                {
                    log.LogWarning("Changes of keys and principals cannot be read ({Reason}); those known stay valid, and it is tried again every {Pause}", e.Message, PauseWithoutServer);
                }

                away = true;
                await Task.Delay(PauseWithoutServer, TimeProvider.System, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
