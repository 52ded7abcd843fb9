using System.Security.Cryptography;
using System.Text;

namespace EventMl.Bus;

/// <summary>A key as its owner holds it: <c>eml_&lt;key id&gt;_&lt;secret&gt;</c>, all hexadecimal; the last 8 digits are a checksum over what stands before, so that scanners find real keys and typing errors are told at once.</summary>
/// <param name="KeyId">The key's public id, <c>key-…</c>.</param>
/// <param name="Secret">32 random bytes.</param>
public sealed record ApiKeySecret(string KeyId, ReadOnlyMemory<byte> Secret)
{
    /// <summary>First part of a key's public id.</summary>
    public const string IdPrefix = "key";

    /// <summary>What every key begins with.</summary>
    public const string Prefix = "eml_";

    private const int SecretBytes = 32;
    private const int ChecksumDigits = 8;

    /// <summary>A new secret for a key.</summary>
    public static ApiKeySecret Create(string keyId) => new(keyId, RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>What the ledger keeps of it: SHA-256 of the secret, lower-case hexadecimal. A secret of 256 random bits needs no slow hash.</summary>
    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(Secret.Span));

    /// <summary>The key as its owner gets it, once.</summary>
    public string Reveal()
    {
        var text = $"{Prefix}{KeyId[(IdPrefix.Length + 1)..]}_{Convert.ToHexStringLower(Secret.Span)}";
        return text + Checksum(text);
    }

    /// <summary>Reads what a caller sent; null when it is no key, or was not copied whole.</summary>
    public static ApiKeySecret? Parse(string text)
    {
        const int idDigits = 32;
        const int length = 4 + idDigits + 1 + (SecretBytes * 2) + ChecksumDigits;
        if (text.Length != length || !text.StartsWith(Prefix, StringComparison.Ordinal) || text[Prefix.Length + idDigits] != '_' || Checksum(text[..^ChecksumDigits]) != text[^ChecksumDigits..])
        {
            return null;
        }

        var secret = new byte[SecretBytes];
        return Guid.TryParseExact(text.AsSpan(Prefix.Length, idDigits), "N", out var id)
            && Convert.FromHexString(text.AsSpan(Prefix.Length + idDigits + 1, SecretBytes * 2), secret, out _, out _) == System.Buffers.OperationStatus.Done
            ? new ApiKeySecret(Contracts.Ids.Named(IdPrefix, id), secret)
            : null;
    }

    /// <summary>Nothing of the secret, wherever a program prints the record.</summary>
    public override string ToString() => $"{KeyId} (secret)";

    private static string Checksum(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, ChecksumDigits / 2));
}
