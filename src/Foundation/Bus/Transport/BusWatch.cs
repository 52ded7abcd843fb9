using System.Collections.Concurrent;
using MassTransit;
using MassTransit.Transports;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EventMl.Bus;

/// <summary>
/// Connects endpoints again as soon as a broker that was away answers. MassTransit waits up to 30 seconds between its tries, longer with each outage,
/// and gives an endpoint up for good after some errors, such as a user that a broker in the middle of a restore does not know yet.
/// </summary>
internal sealed class BusWatch(BusOptions options, TimeProvider clock, ILogger<BusWatch> logger) : BackgroundService, IReceiveEndpointObserver
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<ReceiveEndpoint, Outage> _faulted = new();

    public Task Ready(ReceiveEndpointReady ready) => Forget(ready.ReceiveEndpoint);

    public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    public Task Completed(ReceiveEndpointCompleted completed) => Task.CompletedTask;

    public Task Faulted(ReceiveEndpointFaulted faulted)
    {
        if (faulted.ReceiveEndpoint is ReceiveEndpoint endpoint)
        {
            _faulted.TryAdd(endpoint, new Outage(clock.GetTimestamp(), Interval));
            if (faulted.Exception is { } reason && QueueKindException.Tells(reason))
            {
                logger.LogError("{Reason}", QueueKindException.Text(endpoint.InputAddress.AbsolutePath.Split('/')[^1], options.Quorum));
            }
        }

        return Task.CompletedTask;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var due = _faulted.Where(f => clock.GetElapsedTime(f.Value.Since) >= f.Value.Pause).ToArray();
            if (due.Length > 0 && await AnswersAsync(stoppingToken))
            {
                await Task.WhenAll(due.Select(f => RestartAsync(f.Key, f.Value, stoppingToken)));
            }
        }
    }

    private Task Forget(IReceiveEndpoint endpoint)
    {
        if (endpoint is ReceiveEndpoint known)
        {
            _faulted.TryRemove(known, out _);
        }

        return Task.CompletedTask;
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await options.Broker.ConnectAsync("eventml watch", cancellationToken, TimeSpan.FromSeconds(3));
            return connection.IsOpen;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task RestartAsync(ReceiveEndpoint endpoint, Outage outage, CancellationToken cancellationToken)
    {
        // Where the broker is not what is wrong (a queue of another kind, say), trying every second would help nobody.
        var pause = outage.Pause * 2 < LongestPause ? outage.Pause * 2 : LongestPause;
        if (!_faulted.TryUpdate(endpoint, new Outage(clock.GetTimestamp(), pause), outage))
        {
            return;
        }

        logger.LogInformation("The broker answers; {Endpoint} is connected again.", endpoint.InputAddress.AbsolutePath);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(StopLimit);
            await endpoint.Stop(limit.Token);
            cancellationToken.ThrowIfCancellationRequested();
            endpoint.Start(CancellationToken.None);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            logger.LogWarning("{Endpoint} could not be connected again, which is tried until it works: {Reason}", endpoint.InputAddress.AbsolutePath, e.Message);
        }
    }

    private sealed record Outage(long Since, TimeSpan Pause);
}
