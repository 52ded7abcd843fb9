using System.Buffers.Binary;
using System.Buffers.Text;

namespace EventMl.EventStore;

/// <summary>A view as it was at a position: every row is the same fold as the live one's, of the events that had a position by then.</summary>
/// <param name="ledger">The ledger whose past it is.</param>
/// <param name="view">The live view.</param>
/// <param name="position">The last position that counts.</param>
public sealed class PastView<TRow>(Ledger ledger, View<TRow> view, long position) : IViewReader<TRow>
    where TRow : class
{
    /// <inheritdoc />
    public async Task<ViewRow<TRow>?> GetAsync(string id, CancellationToken cancellationToken = default)
    {
        await using var connection = await ledger.DataSource.OpenConnectionAsync(cancellationToken);
        return Row(id, await EventReader.StreamUntilAsync(connection, ledger, $"{view.Category}-{id}", position, cancellationToken));
    }

    /// <inheritdoc />
    public async Task<(IReadOnlyList<ViewRow<TRow>> Rows, string? Next)> ListAsync(string idPrefix, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var rows = new List<ViewRow<TRow>>();
        var after = Decode(cursor);
        await using var connection = await ledger.DataSource.OpenConnectionAsync(cancellationToken);
        while (true)
        {
            var wanted = limit - rows.Count + 1;
            var streams = await EventReader.StreamsAsync(connection, ledger, view.Category, $"{view.Category}-{idPrefix}", after, position, wanted, cancellationToken);
            var events = (await EventReader.StreamsAtAsync(connection, ledger, [.. streams.Select(s => s.StreamId)], position, cancellationToken)).ToLookup(e => e.StreamId, StringComparer.Ordinal);
            foreach (var (streamId, first) in streams)
            {
                if (Row(streamId[(view.Category.Length + 1)..], [.. events[streamId]]) is { } row)
                {
                    if (rows.Count == limit)
                    {
                        return (rows, Encode(after));
                    }

                    rows.Add(row);
                }

                after = first;
            }

            if (streams.Count < wanted)
            {
                return (rows, null);
            }
        }
    }

    private ViewRow<TRow>? Row(string id, IReadOnlyList<StoredEvent> events) =>
        view.Fold(events) is { } row ? new ViewRow<TRow>(id, events[^1].Version, row) : null;

    // Another length than the cursors of live lists, so that one is not taken for the other.
    private static string Encode(long after)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, after);
        return Base64Url.EncodeToString(bytes);
    }

    private static long Decode(string? cursor)
    {
        if (string.IsNullOrEmpty(cursor))
        {
            return 0;
        }

        Span<byte> bytes = stackalloc byte[sizeof(long)];
        return Base64Url.TryDecodeFromChars(cursor, bytes, out var written) && written == bytes.Length && BinaryPrimitives.ReadInt64BigEndian(bytes) is >= 0 and var after
            ? after
            : throw new FormatException("The page token is not one that this list of the past returned; start again without it.");
    }
}
