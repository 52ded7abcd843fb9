using System.Numerics;
using System.Security.Cryptography;

namespace EventMl.EventStore.Proof;

/// <summary>The hashes of RFC 6962: SHA-256 with a prefix that keeps leaves and nodes apart.</summary>
public static class MerkleHash
{
    /// <summary>Bytes of a hash.</summary>
    public const int Size = SHA256.HashSizeInBytes;

    /// <summary>Root of the tree without leaves.</summary>
    public static byte[] Empty { get; } = SHA256.HashData([]);

    /// <summary>Hash of a leaf.</summary>
    public static byte[] Leaf(ReadOnlySpan<byte> entry)
    {
        var prefixed = new byte[entry.Length + 1];
        entry.CopyTo(prefixed.AsSpan(1));
        return SHA256.HashData(prefixed);
    }

    /// <summary>Hash of the node over two subtrees.</summary>
    public static byte[] Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Span<byte> prefixed = stackalloc byte[1 + (2 * Size)];
        prefixed[0] = 1;
        left.CopyTo(prefixed[1..]);
        right.CopyTo(prefixed[(1 + Size)..]);
        return SHA256.HashData(prefixed);
    }
}

/// <summary>A growing Merkle tree that keeps only its right edge: the roots of its largest complete subtrees, from the left.</summary>
public sealed class CompactRange
{
    private readonly List<byte[]> _edge;

    /// <summary>The tree without leaves.</summary>
    public CompactRange() => _edge = [];

    /// <summary>A tree of that size with that edge.</summary>
    /// <exception cref="ArgumentException">No tree of that size has such an edge.</exception>
    public CompactRange(long size, IEnumerable<byte[]> edge)
    {
        _edge = [.. edge];
        Size = size;
        if (size < 0 || _edge.Count != BitOperations.PopCount((ulong)size) || _edge.Exists(h => h.Length != MerkleHash.Size))
        {
            throw new ArgumentException($"A tree of {size} leaves has another edge.", nameof(edge));
        }
    }

    /// <summary>Number of leaves.</summary>
    public long Size { get; private set; }

    /// <summary>Roots of the largest complete subtrees, from the left.</summary>
    public IReadOnlyList<byte[]> Edge => _edge;

    /// <summary>Appends a leaf by its hash.</summary>
    public void Append(byte[] leafHash)
    {
        var hash = leafHash;
        // Every trailing one of the size is a subtree that the new leaf completes.
        for (var rest = Size; (rest & 1) == 1; rest >>= 1)
        {
            hash = MerkleHash.Node(_edge[^1], hash);
            _edge.RemoveAt(_edge.Count - 1);
        }

        _edge.Add(hash);
        Size++;
    }

    /// <summary>The tree's root.</summary>
    public byte[] Root()
    {
        if (_edge.Count == 0)
        {
            return MerkleHash.Empty;
        }

        var hash = _edge[^1];
        for (var i = _edge.Count - 2; i >= 0; i--)
        {
            hash = MerkleHash.Node(_edge[i], hash);
        }

        return hash;
    }

    /// <summary>The same tree, growing on its own.</summary>
    public CompactRange Copy() => new(Size, _edge);
}
