using EventMl.EventStore;

namespace EventMl.Bus;

/// <summary>Gives a queue again the events that were meant for it and that its listener has not handled.</summary>
internal sealed class LostEvents(Ledger ledger, HandledMessages handled, LedgerPublisher publisher, BusOptions options)
{
    private const int BatchSize = 1_000;

    // Whatever was handled later than this is still in the inbox, even when the clocks of two machines differ.
    private static readonly TimeSpan Margin = TimeSpan.FromHours(1);

    /// <summary>Sends them to this queue only, in ledger order; returns how many there were.</summary>
    public async Task<int> SendAsync(ExpectedQueue queue, CancellationToken cancellationToken)
    {
        // Read after the queue was bound: what gets its position later reaches it by the relay.
        var head = await ledger.HeadAsync(cancellationToken);
        var forgotten = await ledger.PositionAtAsync(ledger.Now - TimeSpan.FromDays(options.InboxRetentionDays) + Margin, cancellationToken);
        var (count, position) = (0, Math.Max(queue.Since, forgotten));
        while (position < head && await ledger.ReadForwardAsync(position, BatchSize, cancellationToken) is { Count: > 0 } events)
        {
            position = events[^1].Position!.Value;
            var meant = events.Where(e => e.IsPublic && queue.Exchanges.Contains(BusNames.Exchange(e.Data!.GetType()))).ToArray();
            var done = await handled.FindAsync([.. meant.Select(e => (queue.Name, e.Id))], cancellationToken);
            var lost = meant.Where(e => !done.Contains((queue.Name, e.Id))).ToArray();
            await publisher.SendAsync(options.QueuePrefix + queue.Name, lost, cancellationToken);
            count += lost.Length;
        }

        return count;
    }
}
