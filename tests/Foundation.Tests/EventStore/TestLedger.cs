using EventMl.EventStore;
using EventMl.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace EventMl.Foundation.Tests.EventStore;

/// <summary>A ledger in a database of its own.</summary>
internal sealed class TestLedger : IAsyncDisposable
{
    public static readonly EventMetadata Metadata = new("ann", "rest", "corr-1", "caus-1", null);

    private readonly TestDatabase _database;

    private TestLedger(TestDatabase database, LedgerOptions options, TimeProvider clock, bool withView)
    {
        _database = database;
        Options = options;
        Clock = clock;
        DataSource = LedgerServices.CreateDataSource(options);
        View = new CounterView(DataSource);
        Views = withView ? [View] : [];
        Ledger = Open(DataSource);
    }

    public LedgerOptions Options { get; }

    public TimeProvider Clock { get; }

    public NpgsqlDataSource DataSource { get; }

    public CounterView View { get; }

    public IReadOnlyList<IInlineView> Views { get; }

    public Ledger Ledger { get; }

    public LedgerSignal Signal { get; } = new();

    public LeaderLease SequencerLease => field ??= new LeaderLease(DataSource, Options, Sequencer.LeaseName);

    public static async Task<TestLedger> CreateAsync(TimeProvider? clock = null, bool withView = true, Func<LedgerOptions, LedgerOptions>? change = null)
    {
        var database = await TestDatabase.CreateAsync();
        var options = new LedgerOptions { ConnectionString = database.ConnectionString };
        var ledger = new TestLedger(database, change?.Invoke(options) ?? options, clock ?? TimeProvider.System, withView);
        await ledger.DeclareAsync();
        return ledger;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public static EventTypes Types()
    {
        var types = new EventTypes(typeof(Contracts.Ids).Assembly);
        types.Add(typeof(CounterRaised));
        types.Add(typeof(CounterNoted));
        return types;
    }

    public Task DeclareAsync(params CategoryOwner[] owners) => LedgerSchema.DeclareAsync(DataSource, Options, Views, owners);

    public Ledger Open(NpgsqlDataSource dataSource, LedgerSignal? signal = null) => new(dataSource, Types(), Views, Options, Clock, signal ?? Signal);

    public Task<IReadOnlyList<StoredEvent>> AppendAsync(string streamId, long expectedVersion, params object[] events) =>
        Ledger.InTransactionAsync(t => t.AppendAsync(streamId, "counter", expectedVersion, events, Metadata));

    /// <summary>Appends as a real Marten would: through the function, without views and without a signal.</summary>
    public async Task AppendAsMartenAsync(string streamId, int amount)
    {
        await using var command = DataSource.CreateCommand(
            "select ledger.mt_quick_append_events($1,'counter','*DEFAULT*',array[$2]::uuid[],array['counter_raised']::varchar[],array['X, Y']::varchar[],array[$3]::jsonb[],array[null]::bytea[],array[null]::varchar[],array[null]::varchar[],array[null]::jsonb[],array[null]::varchar[],array[now()])");
        command.Parameters.AddWithValue(streamId);
        command.Parameters.AddWithValue(Contracts.Ids.New());
        command.Parameters.Add(new NpgsqlParameter { Value = $"{{\"Amount\": {amount}, \"At\": \"2026-01-01T00:00:00+00:00\"}}", NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Jsonb });
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Gives positions to everything committed.</summary>
    public async Task SequenceAsync()
    {
        if (!SequencerLease.IsHeld)
        {
            (await SequencerLease.AcquireAsync()).ShouldBeTrue();
        }

        while (await Sequencer.SequenceAsync(DataSource, Options, Clock.GetUtcNow(), SequencerLease.Epoch, CancellationToken.None) > 0)
        {
        }
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();
        await _database.DisposeAsync();
    }
}

public sealed record CounterRaised(int Amount, DateTimeOffset At);

public sealed record CounterNoted(string Text, System.Text.Json.JsonElement? Extra = null);

internal sealed record CounterRow(int Total, int Events, string? Note);

internal sealed class CounterView(NpgsqlDataSource dataSource) : View<CounterRow>(dataSource, "counting", "counter_view", "counter")
{
    public override CounterRow? Apply(CounterRow? row, StoredEvent @event) => After(row, @event.Data!);

    public static CounterRow? After(CounterRow? row, object @event)
    {
        var old = row ?? new CounterRow(0, 0, null);
        return @event switch
        {
            CounterRaised e => old with { Total = old.Total + e.Amount, Events = old.Events + 1 },
            CounterNoted { Text: "hide" } => null,
            CounterNoted e => old with { Note = e.Text, Events = old.Events + 1 },
            _ => row,
        };
    }
}

internal sealed record Counter(int Total) : IAggregate<Counter>
{
    public static string Category => "counter";

    public static Counter Initial { get; } = new(0);

    public Counter Evolve(object @event) => @event is CounterRaised e ? new Counter(Total + e.Amount) : this;
}

internal static class Wait
{
    public static async Task UntilAsync(Func<Task<bool>> condition, string what, int seconds = 20)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(since) > TimeSpan.FromSeconds(seconds))
            {
                throw new TimeoutException($"Waited {seconds} s in vain: {what}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TestContext.Current.CancellationToken);
        }
    }
}
