using System.Text.RegularExpressions;
using EventMl.EventStore;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.Bus;

/// <summary>Asks the inboxes which messages were handled; the one proof that a message had its effect.</summary>
public sealed partial class HandledMessages(Ledger ledger)
{
    /// <summary>Those of <paramref name="messages"/> that their queue's consumer has handled, as far back as inboxes remember.</summary>
    public async Task<IReadOnlySet<(string Queue, Guid MessageId)>> FindAsync(IReadOnlyCollection<(string Queue, Guid MessageId)> messages, CancellationToken cancellationToken)
    {
        var handled = new HashSet<(string, Guid)>();
        foreach (var area in messages.GroupBy(m => Area(m.Queue), StringComparer.Ordinal))
        {
            if (!await HasInboxAsync(area.Key, cancellationToken))
            {
                continue;
            }

            await using var find = ledger.DataSource.CreateCommand(
                $"select i.consumer, i.message_id from {area.Key}.inbox i join unnest($1, $2) as m(consumer, message_id) on i.consumer = m.consumer and i.message_id = m.message_id");
            find.Parameters.Add(new NpgsqlParameter { Value = area.Select(m => m.Queue).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
            find.Parameters.Add(new NpgsqlParameter { Value = area.Select(m => m.MessageId).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
            await using var reader = await find.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                handled.Add((reader.GetString(0), reader.GetGuid(1)));
            }
        }

        return handled;
    }

    internal async Task<bool> HasInboxAsync(string area, CancellationToken cancellationToken)
    {
        if (!Schema().IsMatch(area))
        {
            return false;
        }

        await using var exists = ledger.DataSource.CreateCommand("select to_regclass($1) is not null");
        exists.Parameters.Add(new NpgsqlParameter { Value = $"{area}.inbox", NpgsqlDbType = NpgsqlDbType.Text });
        return await exists.ExecuteScalarAsync(cancellationToken) is true;
    }

    // Every queue is named after the area whose schema has its inbox; areas have no dash.
    internal static string Area(string queue) => queue.IndexOf('-', StringComparison.Ordinal) is > 0 and var dash ? queue[..dash] : "";

    [GeneratedRegex("^[a-z][a-z0-9_]{0,40}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Schema();
}
