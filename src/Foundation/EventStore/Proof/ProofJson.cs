using System.Text.Json;
using System.Text.Json.Serialization;

namespace EventMl.EventStore.Proof;

/// <summary>An event as exports and proofs write it; data and headers are texts, since every byte of them counts.</summary>
internal sealed record EventLine(
    long Position, long SeqId, Guid Id, string? Stream, long Version, string? Type, long TimestampMicros, long LedgerTimeMicros, string? Correlation, string? Causation,
    string? Data, string? Headers)
{
    public static EventLine? Of(EvidenceRow row) => row.Facts is { } f
        ? new EventLine(f.Position, f.SeqId, f.Id, f.Stream, f.Version, f.Type, f.Timestamp, f.LedgerTime, f.Correlation, f.Causation, row.Data, row.Headers)
        : null;

    public EventFacts Facts() =>
        new(Position, SeqId, Id, Stream, Version, Type ?? throw new FormatException($"The event at position {Position} has no type."), TimestampMicros, LedgerTimeMicros, Correlation, Causation);
}

/// <summary>A leaf as exports and proofs write it, hashes and salts hexadecimal.</summary>
internal sealed record LeafLine(
    long Position, string? Hash, string? DataCommitment, string? DataSalt, string? HeadersCommitment, string? HeadersSalt, string? MaskSalt)
{
    public static LeafLine? Of(EvidenceRow row) => row.Leaf is { } l
        ? new LeafLine(row.Position, Hex(l.Hash), Hex(l.DataCommitment), Hex(l.DataSalt), Hex(l.HeadersCommitment), Hex(l.HeadersSalt), Hex(l.MaskSalt))
        : null;

    public StoredLeaf Leaf() => Hash is null || DataCommitment is null
        ? throw new FormatException($"The leaf of position {Position} has no hash or no commitment.")
        : new StoredLeaf(Convert.FromHexString(Hash), Convert.FromHexString(DataCommitment), Bytes(DataSalt), Bytes(HeadersCommitment), Bytes(HeadersSalt), Bytes(MaskSalt));

    private static string? Hex(byte[]? bytes) => bytes is null ? null : Convert.ToHexStringLower(bytes);

    private static byte[]? Bytes(string? hex) => hex is null ? null : Convert.FromHexString(hex);
}

/// <summary>A signed head as exports and proofs write it.</summary>
internal sealed record RootLine(string? Head, string? Key, string? Signature, bool Anchored)
{
    public static RootLine Of(StoredRoot root) =>
        new(root.SignedHead.Head.Text, root.SignedHead.KeyId, Convert.ToBase64String(root.SignedHead.Signature), root.Anchored);

    public StoredRoot Root() => Head is null || Key is null || Signature is null
        ? throw new FormatException("A signed root has no head, key or signature.")
        : new StoredRoot(new SignedHead(TreeHead.Parse(Head), Key, Convert.FromBase64String(Signature)), Anchored);
}

/// <summary>What a proof file holds.</summary>
internal sealed record ProofFile(string? Format, EventLine? Event, LeafLine? Leaf, RootLine? Root, IReadOnlyList<string?>? Path, string? PublicKey);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(EventLine))]
[JsonSerializable(typeof(LeafLine))]
[JsonSerializable(typeof(RootLine))]
[JsonSerializable(typeof(ProofFile))]
[JsonSerializable(typeof(string))]
internal sealed partial class ProofJson : JsonSerializerContext
{
    /// <summary>Readable text: what a JSON reader must not escape stays as it is.</summary>
    public static ProofJson Readable => field ??= new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
