using Microsoft.Extensions.Hosting;
using Npgsql;

namespace EventMl.EventStore;

/// <summary>
/// Tells the sequencer of another process that something was committed. NOTIFY holds an instance-wide lock until its transaction is on disk,
/// so it has its own connection, commits asynchronously, and many appends share one.
/// </summary>
internal sealed class LedgerNotifier(NpgsqlDataSource dataSource, LedgerOptions options, LedgerSignal signal) : BackgroundService
{
    public static string Channel(LedgerOptions options) => $"{options.Schema}_appended";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await NotifyAsync(stoppingToken);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or OperationCanceledException)
            {
                // Polling finds the events meanwhile.
                await Task.Delay(options.LeaseTime, TimeProvider.System, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task NotifyAsync(CancellationToken stoppingToken)
    {
        await signal.AppendedHere.Next.WaitAsync(stoppingToken);
        await using var connection = await dataSource.OpenConnectionAsync(stoppingToken);
        await LedgerSchema.ExecuteAsync(connection, "set synchronous_commit = off", stoppingToken);
        while (true)
        {
            var next = signal.AppendedHere.Next;
            if (!signal.SequencesHere)
            {
                await LedgerSchema.ExecuteAsync(connection, $"notify {Channel(options)}", stoppingToken);
            }

            await next.WaitAsync(stoppingToken);
        }
    }
}
