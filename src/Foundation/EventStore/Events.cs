using System.Text;
using System.Text.Json;

namespace EventMl.EventStore;

/// <summary>Who did it, through what, and because of which message; one for all events of a transaction.</summary>
/// <param name="Actor">Principal: a key's or user's name, <c>saga:…</c>, <c>worker:…</c>, or <c>anonymous</c>.</param>
/// <param name="Source">Door: <c>rest</c>, <c>bus</c>, <c>worker</c>.</param>
/// <param name="CorrelationId">Id shared by everything that follows from one request.</param>
/// <param name="CausationId">Id of the message that caused this.</param>
/// <param name="TraceParent">W3C trace context, when a trace is running.</param>
public sealed record EventMetadata(string Actor, string Source, string CorrelationId, string CausationId, string? TraceParent);

/// <summary>One row of the ledger.</summary>
public sealed record StoredEvent
{
    /// <summary>Dense position in the ledger; null until the sequencer has seen it or when read by stream only.</summary>
    public long? Position { get; init; }

    /// <summary>Ledger time of the position; null with it.</summary>
    public DateTimeOffset? PositionedAt { get; init; }

    /// <summary>Marten's sequence number: unique, not an order.</summary>
    public required long SeqId { get; init; }

    /// <summary>Event id, also the MessageId on the bus.</summary>
    public required Guid Id { get; init; }

    /// <summary>Stream: <c>&lt;category&gt;-&lt;id&gt;</c>.</summary>
    public required string StreamId { get; init; }

    /// <summary>Version in the stream, from 1 without gaps.</summary>
    public required long Version { get; init; }

    /// <summary>Alias of the type.</summary>
    public required string Type { get; init; }

    /// <summary>The event; null when this build does not know its type.</summary>
    public required object? Data { get => field ??= ReadData?.Invoke(); init; }

    // Whoever has just appended seldom looks at it.
    internal Func<object?>? ReadData { get; init; }

    /// <summary>Why an event of a known type could not be read; null otherwise.</summary>
    public string? Problem { get; init; }

    /// <summary>Whether others may hear it: its type is one of the contracts, and this build can read it.</summary>
    public bool IsPublic => Data?.GetType().Assembly == typeof(Contracts.Ids).Assembly;

    /// <summary>The event as stored, jsonb text (just appended: as sent).</summary>
    public string Json => field ??= Encoding.UTF8.GetString(Utf8Json.Span);

    /// <summary>The same in UTF-8.</summary>
    public required ReadOnlyMemory<byte> Utf8Json { get; init; }

    /// <summary>When it was appended, by the writer's clock.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Correlation id.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>Causation id.</summary>
    public string? CausationId { get; init; }

    /// <summary>The headers as stored, jsonb text; read by <see cref="Header"/>.</summary>
    public string? HeadersJson => field ??= Utf8Headers is { } utf8 ? Encoding.UTF8.GetString(utf8) : null;

    /// <summary>The same in UTF-8.</summary>
    internal byte[]? Utf8Headers { get; init; }

    // Folds of many events never look at them.
    private JsonElement? Headers => field ??= Utf8Headers is { } json ? JsonSerializer.Deserialize<JsonElement>(json) : (JsonElement?)null;

    /// <summary>The header of that name (<c>actor</c>, <c>source</c>, <c>traceparent</c>), or null.</summary>
    public string? Header(string name) =>
        Headers is { ValueKind: JsonValueKind.Object } h && h.TryGetProperty(name, out var v) && v.ValueKind == JsonValueKind.String ? v.GetString() : null;

    /// <summary>A fold must not pass over an event that this build should know.</summary>
    /// <exception cref="InvalidDataException">The event's JSON does not fit its type.</exception>
    public void RequireReadable()
    {
        if (Problem is not null)
        {
            throw new InvalidDataException($"Event {Id} ({StreamId}, version {Version}, type '{Type}') cannot be read: {Problem}");
        }
    }
}

/// <summary>The state of one stream, folded from its events.</summary>
public interface IAggregate<TSelf>
    where TSelf : IAggregate<TSelf>
{
    /// <summary>Text before the first <c>-</c> of its stream ids.</summary>
    static abstract string Category { get; }

    /// <summary>The state before the first event.</summary>
    static abstract TSelf Initial { get; }

    /// <summary>The state after <paramref name="event"/>; unknown events change nothing.</summary>
    TSelf Evolve(object @event);
}

/// <summary>What a decision came to: events to append (none = nothing to do), or a refusal.</summary>
public readonly record struct Decision(IReadOnlyList<object> Events, Contracts.Refusal? Refusal)
{
    /// <summary>Nothing to do; the wish is already fulfilled.</summary>
    public static Decision Nothing { get; } = new([], null);

    /// <summary>Accepted with these events.</summary>
    public static Decision Of(params object[] events) => new(events, null);

    /// <summary>Refused.</summary>
    public static Decision Refuse(string code, string message) => new([], new Contracts.Refusal(code, message));
}

/// <summary>A state with the stream version it was folded from.</summary>
public sealed record Loaded<T>(string StreamId, T State, long Version);

/// <summary>Another writer appended first; the transaction is lost and may be tried again from its beginning.</summary>
public sealed class LedgerConflictException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The stream was archived; nothing can be appended to it.</summary>
public sealed class LedgerArchivedException(string message, Exception? inner = null) : Exception(message, inner);
