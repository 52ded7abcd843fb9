using Npgsql;

namespace EventMl.EventStore;

/// <summary>The events of a few categories for a fold in memory: first all that there are, then what is new. It keeps no progress, and reads nothing of the other categories.</summary>
/// <param name="ledger">The ledger to follow.</param>
/// <param name="categories">Texts before the first <c>-</c> of the streams.</param>
public sealed class CategoryFeed(Ledger ledger, string[] categories)
{
    private static readonly TimeSpan _lookAgain = TimeSpan.FromMilliseconds(200);
    private long _position = -1;
    private Task _next = Task.CompletedTask;

    /// <summary>What has not been returned yet, in ledger order; empty when there is nothing.</summary>
    public async Task<IReadOnlyList<StoredEvent>> NextAsync(CancellationToken cancellationToken)
    {
        _next = ledger.Signal.Sequenced.Next;
        var head = await ledger.HeadAsync(cancellationToken);
        if (head == _position)
        {
            return [];
        }

        await using var connection = await ledger.DataSource.OpenConnectionAsync(cancellationToken);
        var events = _position < 0
            ? await PastAsync(connection, head, cancellationToken)
            : await EventReader.CategoriesAsync(connection, ledger, categories, _position, head, cancellationToken);
        _position = head;
        return events;
    }

    /// <summary>Returns when there may be more.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _next.UntilAsync(_lookAgain, cancellationToken);

    // Of a long past only these streams are read.
    private async Task<IReadOnlyList<StoredEvent>> PastAsync(NpgsqlConnection connection, long head, CancellationToken cancellationToken)
    {
        var streams = new List<string>();
        foreach (var category in categories)
        {
            streams.AddRange((await EventReader.StreamsAsync(connection, ledger, category, $"{category}-", 0, head, int.MaxValue, cancellationToken)).Select(s => s.StreamId));
        }

        return [.. (await EventReader.StreamsAtAsync(connection, ledger, [.. streams], head, cancellationToken)).OrderBy(e => e.Position)];
    }
}
