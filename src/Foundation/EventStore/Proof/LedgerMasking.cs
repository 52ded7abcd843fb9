using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Contracts;
using EventMl.Contracts.Audit;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.EventStore.Proof;

/// <summary>What a masking came to: the event that tells of it, or why it was refused.</summary>
public sealed record MaskingResult(EventMasked? Masked, Refusal? Refusal);

/// <summary>Replaces values in an event's data for ever: the salt goes with them, so that the commitment, which stays, tells nobody anything.</summary>
public static class LedgerMasking
{
    private const string MaskedText = "[masked]";

    /// <summary>Masks members of the event at a position, in one transaction with the event that says so. A member is a name, or names with dots between them.</summary>
    public static Task<MaskingResult> MaskAsync(
        Ledger ledger, long position, IReadOnlyList<string> members, string reason, EventMetadata metadata, CancellationToken cancellationToken = default) =>
        members.Count == 0 || string.IsNullOrWhiteSpace(reason)
            ? Task.FromResult(Refused(ErrorCodes.InvalidRequest, "Name at least one member to mask, and a reason."))
            : ledger.InTransactionAsync(t => MaskAsync(ledger, t, position, members, reason, metadata, cancellationToken), cancellationToken);

    private static async Task<MaskingResult> MaskAsync(
        Ledger ledger, LedgerTransaction transaction, long position, IReadOnlyList<string> members, string reason, EventMetadata metadata, CancellationToken cancellationToken)
    {
        if (await ReadAsync(transaction, position, cancellationToken) is not { } target)
        {
            return Refused(ErrorCodes.NotFound, $"The ledger has no event at position {position}.");
        }

        if (!target.IsSealed)
        {
            return Refused(ErrorCodes.Unavailable, $"The event at position {position} is not sealed yet; try again in a few seconds.");
        }

        if (target.Stream.StartsWith("ledger-", StringComparison.Ordinal))
        {
            return Refused(ErrorCodes.InvalidRequest, "What the ledger says about itself cannot be masked.");
        }

        var data = JsonNode.Parse(target.Data);
        foreach (var member in members)
        {
            if (!TryMask(data, member.Split('.')))
            {
                return Refused(ErrorCodes.InvalidRequest, $"The event at position {position} ({target.Type}) has no member '{member}'; names are those of: eventml audit history --output json.");
            }
        }

        if (!IsReadable(ledger.Types, target.Type, data))
        {
            return Refused(ErrorCodes.InvalidRequest, $"Without the values of {string.Join(", ", members)} nobody could read the event ({target.Type}) any more: times and identifiers cannot be masked.");
        }

        var salt = Commitment.NewSalt();
        var text = await ReplaceAsync(transaction, target.SeqId, data!.ToJsonString(LedgerJson.Options), cancellationToken);
        await SaltAsync(transaction, position, salt, cancellationToken);
        var masked = new EventMasked(
            position, target.Stream, target.Id.ToString(), [.. members], reason, metadata.Actor, Convert.ToHexStringLower(Commitment.Of(salt, text)), transaction.Now);
        await Sealing.AppendAsync(transaction, RowCheck.MaskingStream, masked, metadata, cancellationToken);
        return new MaskingResult(masked, null);
    }

    private static async Task<Target?> ReadAsync(LedgerTransaction transaction, long position, CancellationToken cancellationToken)
    {
        await using var read = transaction.Command($"""
            select e.seq_id, e.id, e.stream_id, e.type, e.data::text, exists (select from {transaction.Schema}.eml_leaf l where l.position = p.position)
            from {transaction.Schema}.eml_position p join {transaction.Schema}.mt_events e on e.seq_id = p.seq_id where p.position = $1 for update of e
            """, new NpgsqlParameter { Value = position });
        await using var reader = await read.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new Target(reader.GetInt64(0), reader.GetGuid(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetBoolean(5))
            : null;
    }

    private static async Task<string> ReplaceAsync(LedgerTransaction transaction, long seqId, string data, CancellationToken cancellationToken)
    {
        await using var replace = transaction.Command(
            $"update {transaction.Schema}.mt_events set data = $2 where seq_id = $1 returning data::text",
            new NpgsqlParameter { Value = seqId }, new NpgsqlParameter { Value = data, NpgsqlDbType = NpgsqlDbType.Jsonb });
        return (string)(await replace.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task SaltAsync(LedgerTransaction transaction, long position, byte[] salt, CancellationToken cancellationToken)
    {
        await using var replace = transaction.Command(
            $"update {transaction.Schema}.eml_leaf set data_salt = null, mask_salt = $2 where position = $1",
            new NpgsqlParameter { Value = position }, new NpgsqlParameter { Value = salt });
        await replace.ExecuteNonQueryAsync(cancellationToken);
    }

    private static bool TryMask(JsonNode? node, ReadOnlySpan<string> path)
    {
        if (node is not JsonObject members || !members.TryGetPropertyValue(path[0], out var value))
        {
            return false;
        }

        if (path.Length > 1)
        {
            return TryMask(value, path[1..]);
        }

        members[path[0]] = Mask(value);
        return true;
    }

    // The kind of value stays, so that readers of the type go on reading it.
    private static JsonNode? Mask(JsonNode? value) => value?.GetValueKind() switch
    {
        JsonValueKind.String => JsonValue.Create(MaskedText),
        JsonValueKind.Number => JsonValue.Create(0),
        JsonValueKind.True => JsonValue.Create(false),
        JsonValueKind.False => JsonValue.Create(false),
        JsonValueKind.Array => new JsonArray(),
        JsonValueKind.Object => new JsonObject(),
        _ => null,
    };

    private static bool IsReadable(EventTypes types, string alias, JsonNode? data)
    {
        try
        {
            return types.Find(alias) is not { } type || data.Deserialize(type, LedgerJson.Options) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static MaskingResult Refused(string code, string message) => new(null, new Refusal(code, message));

    private sealed record Target(long SeqId, Guid Id, string Stream, string Type, string Data, bool IsSealed);
}
