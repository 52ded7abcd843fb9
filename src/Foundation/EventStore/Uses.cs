using Npgsql;
using NpgsqlTypes;

namespace EventMl.EventStore;

/// <summary>Which streams need another one, whose thing then must not be deleted: a service its model, a training its dataset.</summary>
/// <remarks>Who begins to need a thing and who deletes it both lock the thing's stream by <see cref="LedgerTransaction.LoadAsync{T}"/>, so that one of them sees what the other did.</remarks>
public static class Uses
{
    /// <summary>Notes that a stream needs the loaded one until it says otherwise.</summary>
    public static Task UseAsync(this LedgerTransaction transaction, string needed, string byStreamId, CancellationToken cancellationToken = default) =>
        // A category has no dash and a stream id has one, so these names meet no area's own.
        transaction.TakeNameAsync(needed, byStreamId, byStreamId, cancellationToken);

    /// <summary>Notes that a stream needs the other one no more; nothing happens when it did not.</summary>
    public static Task ReleaseUseAsync(this LedgerTransaction transaction, string needed, string byStreamId, CancellationToken cancellationToken = default) =>
        transaction.ReleaseNameAsync(needed, byStreamId, byStreamId, cancellationToken);

    /// <summary>The streams that need this one, in ordinal order.</summary>
    public static async Task<IReadOnlyList<string>> ListUsersAsync(this LedgerTransaction transaction, string needed, CancellationToken cancellationToken = default)
    {
        await using var list = transaction.Command($"select stream_id from {transaction.Schema}.eml_name where area = $1 order by stream_id", Text(needed));
        return await ReadAsync(list, cancellationToken);
    }

    /// <summary>The streams of a type of event with such a member, in ordinal order; every event of the type is looked at.</summary>
    public static async Task<IReadOnlyList<string>> ListStreamsAsync(
        this LedgerTransaction transaction, string eventType, string member, string value, CancellationToken cancellationToken = default)
    {
        await using var list = transaction.Command(
            $"select distinct stream_id from {transaction.Schema}.mt_events where type = $1 and data->>$2 = $3 order by stream_id", Text(eventType), Text(member), Text(value));
        return await ReadAsync(list, cancellationToken);
    }

    /// <summary>The id of a thing that needs this one, without its category; null when nobody does.</summary>
    public static async Task<string?> FindUserAsync(this LedgerTransaction transaction, string needed, CancellationToken cancellationToken = default)
    {
        await using var find = transaction.Command(
            $"select stream_id from {transaction.Schema}.eml_name where area = $1 order by name limit 1", new NpgsqlParameter { Value = needed, NpgsqlDbType = NpgsqlDbType.Text });
        return await find.ExecuteScalarAsync(cancellationToken) is string user ? user[(user.IndexOf('-', StringComparison.Ordinal) + 1)..] : null;
    }

    private static async Task<IReadOnlyList<string>> ReadAsync(NpgsqlCommand list, CancellationToken cancellationToken)
    {
        var streams = new List<string>();
        await using var reader = await list.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            streams.Add(reader.GetString(0));
        }

        return streams;
    }

    private static NpgsqlParameter Text(string value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Text };
}
