using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EventMl.EventStore;

/// <summary>The event store on Marten's tables: the truth of the platform.</summary>
public sealed class Ledger(
    NpgsqlDataSource dataSource, EventTypes types, IEnumerable<IInlineView> views, LedgerOptions options, TimeProvider clock, LedgerSignal signal, AreaConnections? areas = null)
{
    private const int MaxTries = 8;
    private const string IdleInTransactionTimeout = "25P03";

    private static readonly TimeSpan _lookAgain = TimeSpan.FromMilliseconds(100);

    /// <summary>Views updated in the transaction that appends, by category.</summary>
    internal ILookup<string, IInlineView> Views { get; } = views.ToLookup(v => v.Category, StringComparer.Ordinal);

    internal EventTypes Types => types;

    internal string Schema => options.Schema;

    internal TimeProvider Clock => clock;

    internal LedgerSignal Signal => signal;

    /// <summary>The connections of this ledger; others use them for rows that belong to the same transaction or for reads.</summary>
    public NpgsqlDataSource DataSource => dataSource;

    /// <summary>The clock that stamps events.</summary>
    public DateTimeOffset Now => Clean.Time(clock.GetUtcNow());

    /// <summary>A connection with the rights of the area whose work is being done (<see cref="AreaScope"/>).</summary>
    public ValueTask<NpgsqlConnection> OpenConnectionAsync(CancellationToken cancellationToken = default) =>
        areas?.OpenAsync(cancellationToken) ?? dataSource.OpenConnectionAsync(cancellationToken);

    /// <summary>Opens a transaction; nothing is true before its commit.</summary>
    public async Task<LedgerTransaction> BeginAsync(CancellationToken cancellationToken = default)
    {
        var connection = await OpenConnectionAsync(cancellationToken);
        try
        {
            return new LedgerTransaction(this, connection, await connection.BeginTransactionAsync(cancellationToken));
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs <paramref name="work"/> in a transaction and commits; begins again from nothing when another writer was first.</summary>
    /// <exception cref="LedgerConflictException">Others were first eight times in a row.</exception>
    public async Task<T> InTransactionAsync<T>(Func<LedgerTransaction, Task<T>> work, CancellationToken cancellationToken = default)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var transaction = await BeginAsync(cancellationToken);
                var result = await work(transaction);
                await transaction.CommitAsync(cancellationToken);
                return result;
            }
            catch (Exception e) when (IsConflict(e))
            {
                if (attempt == MaxTries)
                {
                    throw e as LedgerConflictException ?? new LedgerConflictException("Other writers were first every time; try again later.", e);
                }

                // Full jitter keeps racing writers from meeting again.
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, 5 << attempt)), TimeProvider.System, cancellationToken);
            }
        }
    }

    /// <summary>Appends to one stream that must be at <paramref name="expectedVersion"/> (0 = new), and nothing else: in one statement where no inline view has to follow.</summary>
    /// <exception cref="LedgerConflictException">The stream is at another version.</exception>
    /// <exception cref="LedgerArchivedException">The stream is archived.</exception>
    public async Task<IReadOnlyList<StoredEvent>> AppendAsync(
        string streamId, string streamType, long expectedVersion, IReadOnlyList<object> events, EventMetadata metadata, CancellationToken cancellationToken = default)
    {
        if (events.Count == 0)
        {
            return [];
        }

        var statement = new AppendStatement(this, streamId, streamType, expectedVersion, events, metadata);
        if (Views.Contains(statement.Category))
        {
            await using var transaction = await BeginAsync(cancellationToken);
            var applied = await transaction.AppendAsync(statement, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return applied;
        }

        await using var connection = await OpenConnectionAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        var stored = await statement.ExecuteAsync(command, cancellationToken);
        signal.Raise();
        return stored;
    }

    /// <summary>Reads a stream from its first event, or from <paramref name="fromVersion"/>; empty when it does not exist.</summary>
    public async Task<IReadOnlyList<StoredEvent>> ReadStreamAsync(string streamId, long fromVersion = 1, CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await EventReader.StreamAsync(connection, this, streamId, fromVersion, cancellationToken);
    }

    /// <summary>Reads events in ledger order after a position, at most <paramref name="count"/>.</summary>
    public async Task<IReadOnlyList<StoredEvent>> ReadForwardAsync(long afterPosition, int count, CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await EventReader.ForwardAsync(connection, this, afterPosition, count, cancellationToken);
    }

    /// <summary>All events in ledger order after a position, those of the future too; an empty list says that <paramref name="patience"/> has passed without one.</summary>
    /// <param name="afterPosition">The last position that the caller knows; 0 for all.</param>
    /// <param name="patience">The longest silence.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<IReadOnlyList<StoredEvent>> FollowAsync(long afterPosition, TimeSpan patience, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var heard = clock.GetTimestamp();
        while (true)
        {
            var next = signal.Sequenced.Next;
            var events = await ReadForwardAsync(afterPosition, options.BatchSize, cancellationToken);
            if (events.Count > 0 || clock.GetElapsedTime(heard) >= patience)
            {
                yield return events;
                heard = clock.GetTimestamp();
                afterPosition = events.Count > 0 ? events[^1].Position!.Value : afterPosition;
                continue;
            }

            // Only the sequencer's own process is told; many readers must not look as often as it does.
            await next.UntilAsync(signal.SequencesHere ? _lookAgain * 10 : _lookAgain, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>The events of a stream that had a position at or before the given one, from the first.</summary>
    public async Task<IReadOnlyList<StoredEvent>> ReadStreamAtAsync(string streamId, long position, CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await EventReader.StreamAtAsync(connection, this, streamId, position, cancellationToken);
    }

    /// <summary>Position of the last sequenced event; 0 when there is none.</summary>
    public async Task<long> HeadAsync(CancellationToken cancellationToken = default)
    {
        await using var command = dataSource.CreateCommand($"select position from {Schema}.eml_head");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>The last position whose ledger time is not after <paramref name="instant"/>; asked again, the answer is the same. An instant ahead of the ledger's clock means now.</summary>
    public async Task<long> PositionAtAsync(DateTimeOffset instant, CancellationToken cancellationToken = default)
    {
        await using var command = dataSource.CreateCommand($"select {Schema}.eml_position_at($1)");
        command.Parameters.AddWithValue(Clean.Time(instant < Now ? instant : Now));
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>How far a follower (<c>relay</c>, a rebuild) has come; 0 before its first event.</summary>
    public async Task<long> FollowerPositionAsync(string name, CancellationToken cancellationToken = default)
    {
        await using var command = dataSource.CreateCommand($"select position from {Schema}.eml_follower where name = $1");
        command.Parameters.AddWithValue(name);
        return await command.ExecuteScalarAsync(cancellationToken) is long position ? position : 0;
    }

    /// <summary>The state of one stream, without locking it.</summary>
    public async Task<Loaded<T>> LoadAsync<T>(string id, CancellationToken cancellationToken = default)
        where T : IAggregate<T>
    {
        var streamId = StreamId<T>(id);
        return Fold<T>(streamId, await ReadStreamAsync(streamId, 1, cancellationToken));
    }

    /// <summary>The state of one stream as it was at a position.</summary>
    public async Task<Loaded<T>> LoadAtAsync<T>(string id, long position, CancellationToken cancellationToken = default)
        where T : IAggregate<T>
    {
        var streamId = StreamId<T>(id);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return Fold<T>(streamId, await EventReader.StreamUntilAsync(connection, this, streamId, position, cancellationToken));
    }

    /// <summary>The stream of one aggregate: <c>&lt;category&gt;-&lt;id&gt;</c>.</summary>
    public static string StreamId<T>(string id)
        where T : IAggregate<T> => $"{T.Category}-{id}";

    /// <summary>The state after the given events.</summary>
    public static Loaded<T> Fold<T>(string streamId, IReadOnlyList<StoredEvent> events)
        where T : IAggregate<T>
    {
        var state = T.Initial;
        foreach (var e in events)
        {
            e.RequireReadable();
            state = e.Data is null ? state : state.Evolve(e.Data);
        }

        return new Loaded<T>(streamId, state, events.Count == 0 ? 0 : events[^1].Version);
    }

    /// <summary>Does what a process needs at its start; waits for a database that is away, up to <see cref="LedgerOptions.StartPatience"/>.</summary>
    /// <exception cref="NpgsqlException">It stayed away, or refuses.</exception>
    public async Task<T> AwaitDatabaseAsync<T>(Func<Task<T>> work, ILogger log, CancellationToken cancellationToken = default)
    {
        var began = clock.GetTimestamp();
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await work();
            }
            catch (NpgsqlException e) when (IsPassing(e) && clock.GetElapsedTime(began) < options.StartPatience)
            {
                if (tries == 1)
                {
                    log.LogWarning("PostgreSQL does not answer yet, waiting for it up to {Seconds} s: {Reason}", options.StartPatience.TotalSeconds, e.Message);
                }

                await Task.Delay(options.LeaseTime / 10, TimeProvider.System, cancellationToken);
            }
        }
    }

    /// <summary>Whether the same may work when tried again: the database is away, or it ended a session or a statement that took too long.</summary>
    public static bool IsPassing(NpgsqlException e) => e.IsTransient || e is PostgresException
    {
        SqlState: IdleInTransactionTimeout or PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown,
    };

    internal static bool IsConflict(Exception e) =>
        e is LedgerConflictException or PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure };
}
