using Microsoft.Extensions.Logging;
using Npgsql;

namespace EventMl.EventStore;

/// <summary>Gives committed events their dense positions and monotone ledger time.</summary>
internal sealed class Sequencer(NpgsqlDataSource dataSource, LedgerOptions options, TimeProvider clock, LedgerSignal signal, ILogger<Sequencer> logger)
    : LeaderService(dataSource, options, LeaseName, logger)
{
    public const string LeaseName = "sequencer";

    private static readonly TimeSpan ShortestTurn = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestTurn = TimeSpan.FromMilliseconds(10);

    /// <summary>Places one batch; the number placed, or -1 when the epoch is not the current one.</summary>
    public static async Task<int> SequenceAsync(NpgsqlDataSource dataSource, LedgerOptions options, DateTimeOffset now, long epoch, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand($"select {options.Schema}.eml_sequence($1, $2, $3)");
        command.Parameters.AddWithValue(options.BatchSize);
        command.Parameters.AddWithValue(now);
        command.Parameters.AddWithValue(epoch);
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    protected override async Task LeadAsync(CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var listening = ListenAsync(over.Token);
        signal.SequencesHere = true;
        try
        {
            await SequenceAsync(cancellationToken);
        }
        finally
        {
            signal.SequencesHere = false;
            await over.CancelAsync();
            await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SequenceAsync(CancellationToken cancellationToken)
    {
        var turn = ShortestTurn;
        while (!cancellationToken.IsCancellationRequested)
        {
            var next = signal.Appended.Next;
            var began = clock.GetTimestamp();
            switch (await SequenceAsync(DataSource, Options, Clean.Time(clock.GetUtcNow()), Lease.Epoch, cancellationToken))
            {
                case < 0:
                    return;
                case 0:
                    await next.UntilAsync(Options.PollInterval, cancellationToken);
                    break;
                default:
                    signal.Sequenced.Raise();
                    // Where events come without a pause, a commit for each would take disk and processor from those who append.
                    turn = !next.IsCompleted ? ShortestTurn : turn * 2 < LongestTurn ? turn * 2 : LongestTurn;
                    if (turn - clock.GetElapsedTime(began) is { Ticks: > 0 } rest)
                    {
                        await Task.Delay(rest, clock, cancellationToken);
                    }

                    break;
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await DataSource.OpenConnectionAsync(cancellationToken);
                connection.Notification += (_, _) => signal.Appended.Raise();
                await LedgerSchema.ExecuteAsync(connection, $"listen {LedgerNotifier.Channel(Options)}", cancellationToken);
                try
                {
                    while (true)
                    {
                        await connection.WaitAsync(cancellationToken);
                    }
                }
                finally
                {
                    await LedgerSchema.ExecuteAsync(connection, "unlisten *", CancellationToken.None);
                }
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                // Polling finds the events meanwhile.
                await Task.Delay(Options.LeaseTime, TimeProvider.System, cancellationToken);
            }
        }
    }
}
