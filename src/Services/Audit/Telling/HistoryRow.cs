using System.Text.Json;
using EventMl.EventStore;

namespace EventMl.Audit.Telling;

/// <summary>One event of a life; <c>data</c> is the event as the ledger holds it.</summary>
internal sealed record HistoryRow(
    long Position, DateTimeOffset At, string Stream, long Version, string Type, string? Actor, string? Source, string Summary, JsonElement Data)
{
    public static HistoryRow From(StoredEvent e) => new(
        e.Position!.Value, e.PositionedAt!.Value, e.StreamId, e.Version, e.Type, e.Header("actor"), e.Header("source"), Telling.Summary.Of(e), JsonSerializer.Deserialize<JsonElement>(e.Json));
}
