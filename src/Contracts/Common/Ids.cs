using System.Security.Cryptography;
using System.Text;

namespace EventMl.Contracts;

/// <summary>The one place where identifiers are made.</summary>
public static class Ids
{
    /// <summary>A new time-ordered UUID (version 7).</summary>
    public static Guid New() => Guid.CreateVersion7();

    /// <summary>A new public id: <paramref name="prefix"/>, a dash and 32 lower-case hexadecimal digits (<c>train-…</c>).</summary>
    public static string New(string prefix) => Named(prefix, New());

    /// <summary>The public id for a given UUID, so that a repeated request maps to the same thing.</summary>
    public static string Named(string prefix, Guid id) => $"{prefix}-{id:N}";

    /// <summary>A name-based UUID (version 5, RFC 9562): the same inputs give the same id on every machine.</summary>
    public static Guid Derive(string scope, string name)
    {
        Span<byte> hash = stackalloc byte[20];
        // UUIDv5 is defined over SHA-1; it names things here and protects nothing.
#pragma warning disable CA5350
        SHA1.HashData(Encoding.UTF8.GetBytes($"eventml:{scope}\n{name}"), hash);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
