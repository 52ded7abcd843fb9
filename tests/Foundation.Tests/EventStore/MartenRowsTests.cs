using System.Text.Json;
using EventMl.EventStore;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.Foundation.Tests.EventStore;

/// <summary>Rows that a real Marten 9.29 wrote.</summary>
public sealed class MartenRowsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Passes_them_through_untouched_when_their_types_are_unknown()
    {
        await using var db = await TestLedger.CreateAsync();
        var rows = await InsertAsync(db);
        var ledger = new Ledger(db.DataSource, new EventTypes(), [], db.Options, db.Clock, db.Signal);

        var events = await ledger.ReadStreamAsync("model-1", cancellationToken: Ct);

        var stored = rows.Where(r => r.GetProperty("table").GetString() == "mt_events").Select(r => r.GetProperty("row")).ToArray();
        events.Count.ShouldBe(stored.Length);
        foreach (var (e, row) in events.Zip(stored))
        {
            e.Data.ShouldBeNull();
            e.Problem.ShouldBeNull();
            e.Id.ShouldBe(row.GetProperty("id").GetGuid());
            e.SeqId.ShouldBe(row.GetProperty("seq_id").GetInt64());
            e.Version.ShouldBe(row.GetProperty("version").GetInt64());
            e.Type.ShouldBe(row.GetProperty("type").GetString());
            e.Json.ShouldBe(row.GetProperty("data").GetRawText());
            e.Timestamp.ShouldBe(row.GetProperty("timestamp").GetDateTimeOffset());
            e.CorrelationId.ShouldBe("corr-1");
            e.CausationId.ShouldBe("caus-1");
            e.Header("k").ShouldBe("v");
        }

        Ledger.Fold<Counter>("model-1", events).ShouldBe(new Loaded<Counter>("model-1", Counter.Initial, 3));
    }

    [Fact]
    public async Task Folds_nothing_blindly_when_a_known_type_has_another_shape()
    {
        await using var db = await TestLedger.CreateAsync();
        await db.AppendAsMartenAsync("counter-1", 1);
        await db.ExecuteAsync("update ledger.mt_events set data = '{\"Amount\": \"many\"}'");
        await db.SequenceAsync();

        var read = (await db.Ledger.ReadForwardAsync(0, 10, Ct)).ShouldHaveSingleItem();

        read.Data.ShouldBeNull();
        read.Problem!.ShouldContain("CounterRaised");
        (await Should.ThrowAsync<InvalidDataException>(() => db.Ledger.LoadAsync<Counter>("1", Ct))).Message.ShouldContain("counter-1, version 1");
    }

    private static async Task<JsonElement[]> InsertAsync(TestLedger db)
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "fixtures", "marten-rows.jsonl"), Ct);
        var rows = lines.Where(l => l.Length > 0).Select(l => JsonSerializer.Deserialize<JsonElement>(l)).ToArray();
        foreach (var row in rows)
        {
            var table = row.GetProperty("table").GetString();
            await using var insert = db.DataSource.CreateCommand($"insert into ledger.{table} select * from jsonb_populate_record(null::ledger.{table}, $1)");
            insert.Parameters.Add(new NpgsqlParameter { Value = row.GetProperty("row").GetRawText(), NpgsqlDbType = NpgsqlDbType.Jsonb });
            await insert.ExecuteNonQueryAsync(Ct);
        }

        return rows;
    }
}
