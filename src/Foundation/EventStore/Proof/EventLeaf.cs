using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace EventMl.EventStore.Proof;

/// <summary>What the chain says about one event beside its content; times in microseconds since 1970.</summary>
/// <param name="Position">Position in the ledger, from 1.</param>
/// <param name="SeqId">Marten's sequence number.</param>
/// <param name="Id">Event id.</param>
/// <param name="Stream">Stream id.</param>
/// <param name="Version">Version in the stream.</param>
/// <param name="Type">Alias of the type.</param>
/// <param name="Timestamp">When it was appended.</param>
/// <param name="LedgerTime">When it got its position.</param>
/// <param name="Correlation">Correlation id.</param>
/// <param name="Causation">Causation id.</param>
public sealed record EventFacts(
    long Position, long SeqId, Guid Id, string? Stream, long Version, string Type, long Timestamp, long LedgerTime, string? Correlation, string? Causation);

/// <summary>The leaf of an event in the chain: one canonical, versioned encoding, so that nobody can read one event's bytes as another's.</summary>
public static class EventLeaf
{
    /// <summary>First bytes of every encoding; a change of the encoding gets another.</summary>
    public static ReadOnlySpan<byte> Magic => "EMLLEAF1"u8;

    /// <summary>Hash of the leaf.</summary>
    public static byte[] Hash(EventFacts facts, byte[] dataCommitment, byte[]? headersCommitment) =>
        MerkleHash.Leaf(Encode(facts, dataCommitment, headersCommitment));

    /// <summary>The bytes that are hashed: the magic, then each field as a big-endian 32-bit length and its bytes; length 2³²-1 says that there is none.</summary>
    public static byte[] Encode(EventFacts facts, byte[] dataCommitment, byte[]? headersCommitment)
    {
        var bytes = new MemoryStream(300);
        bytes.Write(Magic);
        Write(bytes, facts.Position);
        Write(bytes, facts.SeqId);
        Write(bytes, facts.Id.ToByteArray(bigEndian: true));
        Write(bytes, facts.Stream);
        Write(bytes, facts.Version);
        Write(bytes, facts.Type);
        Write(bytes, facts.Timestamp);
        Write(bytes, facts.LedgerTime);
        Write(bytes, facts.Correlation);
        Write(bytes, facts.Causation);
        Write(bytes, dataCommitment);
        Write(bytes, headersCommitment);
        return bytes.ToArray();
    }

    private static void Write(MemoryStream bytes, long value)
    {
        Span<byte> field = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(field, value);
        Write(bytes, field, present: true);
    }

    private static void Write(MemoryStream bytes, string? value) => Write(bytes, value is null ? [] : Encoding.UTF8.GetBytes(value), value is not null);

    private static void Write(MemoryStream bytes, byte[]? value) => Write(bytes, value, value is not null);

    private static void Write(MemoryStream bytes, ReadOnlySpan<byte> value, bool present)
    {
        Span<byte> length = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(length, present ? (uint)value.Length : uint.MaxValue);
        bytes.Write(length);
        bytes.Write(value);
    }
}

/// <summary>Binds a text without showing it: HMAC-SHA-256 under a random salt. Without the salt nobody can find the text by trying.</summary>
public static class Commitment
{
    /// <summary>Bytes of a salt.</summary>
    public const int SaltSize = 32;

    /// <summary>A new salt.</summary>
    public static byte[] NewSalt() => RandomNumberGenerator.GetBytes(SaltSize);

    /// <summary>The commitment of a text.</summary>
    public static byte[] Of(byte[] salt, string text) => HMACSHA256.HashData(salt, Encoding.UTF8.GetBytes(text));

    /// <summary>Whether a commitment was made of that text.</summary>
    public static bool Opens(byte[] commitment, byte[]? salt, string? text) =>
        salt is not null && text is not null && CryptographicOperations.FixedTimeEquals(commitment, Of(salt, text));
}
