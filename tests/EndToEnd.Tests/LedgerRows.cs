using System.Text.Json;
using EventMl.Testing;

namespace EventMl.EndToEnd.Tests;

/// <summary>An event as its row holds it.</summary>
internal sealed record LedgerRow(long Position, Guid Id, string Stream, string Type, string DotnetType, JsonElement Data)
{
    public int Attempt => Data.GetProperty(nameof(Attempt)).GetInt32();

    public int Epoch => Data.GetProperty(nameof(Epoch)).GetInt32();

    public string Worker => Data.GetProperty(nameof(Worker)).GetString()!;
}

/// <summary>The ledger read with plain SQL, past all our own code.</summary>
internal static class LedgerRows
{
    public static async Task<IReadOnlyList<LedgerRow>> EventsAsync(this TestDatabase database, string type = "%")
    {
        await using var command = database.DataSource.CreateCommand(
            """
            select coalesce(p.position, 0), e.id, e.stream_id, e.type, e.mt_dotnet_type, e.data::text
            from ledger.mt_events e left join ledger.eml_position p using (seq_id) where e.type like $1 order by e.seq_id
            """);
        command.Parameters.AddWithValue(type);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<LedgerRow>();
        while (await reader.ReadAsync())
        {
            rows.Add(new LedgerRow(
                reader.GetInt64(0), reader.GetGuid(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), JsonSerializer.Deserialize<JsonElement>(reader.GetString(5))));
        }

        return rows;
    }

    public static async Task<int> CountAsync(this TestDatabase database, string type) => (await database.EventsAsync(type)).Count;

    /// <summary>Waits until nothing is on its way: every event has a position, the relay is at the head, no saga message waits.</summary>
    public static Task AtRestAsync(this TestDatabase database) => Hosting.Wait.UntilAsync(
        () => database.ScalarAsync<bool>(
            """
            select not exists (select from ledger.eml_pending) and not exists (select from sagas.outbox)
              and coalesce((select position from ledger.eml_follower where name = 'relay'), 0) = (select position from ledger.eml_head)
            """),
        "the ledger to be at rest");
}
