using System.Text;
using System.Text.Json;
using EventMl.EndToEnd.Tests.Hosting;
using NpgsqlTypes;

namespace EventMl.EndToEnd.Tests;

/// <summary>Failed messages that never were, as work that costs little: retrying one sends its body, discarding one appends an event.</summary>
internal static class FailureSeeds
{
    /// <summary>One failure per id; <paramref name="message"/> says what its body is and which queue it goes back to.</summary>
    public static async Task AddAsync(Platform platform, Guid[] ids, Func<Guid, (object Body, string Queue)> message)
    {
        await using var insert = platform.Database.DataSource.CreateCommand(
            """
            insert into monitoring.failure(
              id, queue, skipped, message_id, state, cause, cause_text, exception_type, reason, stack, host, content_type, size_bytes, body, body_sha256, envelope,
              failures, redrives, first_failed_at, last_failed_at, changed_at)
            select id, queue, false, id, 'failed', 'seed', 'seed', 'seed', 'seed', '', '', 'application/json', length(body), body, encode(sha256(body), 'hex'),
              convert_to('{"properties":{"content_type":"application/json","delivery_mode":2,"message_id":"' || id || '"},"headers":{}}', 'UTF8'), 1, 0, now(), now(), now()
            from unnest($1, $2, $3) as s(id, queue, body)
            """);
        insert.Parameters.Add(new() { Value = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        insert.Parameters.Add(new() { Value = ids.Select(i => message(i).Queue).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        insert.Parameters.Add(new() { Value = ids.Select(i => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(message(i).Body))).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea });
        await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
