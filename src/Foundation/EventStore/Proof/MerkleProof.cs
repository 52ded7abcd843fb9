using System.Numerics;
using System.Runtime.InteropServices;

namespace EventMl.EventStore.Proof;

/// <summary>Leaves <c>[Start, End)</c> whose subtree's root is part of a proof.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct LeafRange(long Start, long End);

/// <summary>Inclusion and consistency proofs of RFC 6962 §2.1.1 and §2.1.2, checked as RFC 9162 says; leaves count from 0.</summary>
public static class MerkleProof
{
    /// <summary>The subtrees whose roots prove that leaf <paramref name="index"/> is in the tree of <paramref name="size"/> leaves.</summary>
    public static IReadOnlyList<LeafRange> InclusionRanges(long index, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var path = new List<LeafRange>();
        var (start, end) = (0L, size);
        while (end - start > 1)
        {
            var middle = start + Split(end - start);
            path.Add(index < middle ? new LeafRange(middle, end) : new LeafRange(start, middle));
            (start, end) = index < middle ? (start, middle) : (middle, end);
        }

        path.Reverse();
        return path;
    }

    /// <summary>The subtrees whose roots prove that the tree of <paramref name="size"/> leaves begins with the one of <paramref name="first"/> leaves.</summary>
    public static IReadOnlyList<LeafRange> ConsistencyRanges(long first, long size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(first, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, size);
        var path = new List<LeafRange>();
        var (start, end) = (0L, size);
        while (end != first)
        {
            var middle = start + Split(end - start);
            path.Add(first <= middle ? new LeafRange(middle, end) : new LeafRange(start, middle));
            (start, end) = first <= middle ? (start, middle) : (middle, end);
        }

        // A first tree that is a whole subtree is known to the verifier already.
        if (start > 0)
        {
            path.Add(new LeafRange(start, end));
        }

        path.Reverse();
        return path;
    }

    /// <summary>Whether a leaf is the one at <paramref name="index"/> of the tree with that size and root.</summary>
    public static bool Includes(byte[] leafHash, long index, long size, IReadOnlyList<byte[]> path, byte[] root)
    {
        if (index < 0 || index >= size)
        {
            return false;
        }

        var (node, last, hash) = (index, size - 1, leafHash);
        foreach (var sibling in path)
        {
            if (last == 0 || sibling.Length != MerkleHash.Size)
            {
                return false;
            }

            if ((node & 1) == 1 || node == last)
            {
                hash = MerkleHash.Node(sibling, hash);
                SkipLoneNodes(ref node, ref last);
            }
            else
            {
                hash = MerkleHash.Node(hash, sibling);
            }

            node >>= 1;
            last >>= 1;
        }

        return last == 0 && hash.AsSpan().SequenceEqual(root);
    }

    /// <summary>Whether the tree of <paramref name="size"/> leaves begins with the tree of <paramref name="first"/> leaves, by their roots.</summary>
    public static bool Extends(long first, byte[] firstRoot, long size, byte[] root, IReadOnlyList<byte[]> path)
    {
        if (first == size)
        {
            return path.Count == 0 && firstRoot.AsSpan().SequenceEqual(root);
        }

        if (first < 1 || first > size || path.Any(h => h.Length != MerkleHash.Size))
        {
            return false;
        }

        // A first tree that is complete begins the path itself.
        byte[][] whole = BitOperations.IsPow2(first) ? [firstRoot, .. path] : [.. path];
        if (whole.Length == 0)
        {
            return false;
        }

        var (node, last) = (first - 1, size - 1);
        while ((node & 1) == 1)
        {
            node >>= 1;
            last >>= 1;
        }

        var (before, after) = (whole[0], whole[0]);
        foreach (var sibling in whole.AsSpan(1))
        {
            if (last == 0)
            {
                return false;
            }

            if ((node & 1) == 1 || node == last)
            {
                before = MerkleHash.Node(sibling, before);
                after = MerkleHash.Node(sibling, after);
                SkipLoneNodes(ref node, ref last);
            }
            else
            {
                after = MerkleHash.Node(after, sibling);
            }

            node >>= 1;
            last >>= 1;
        }

        return last == 0 && before.AsSpan().SequenceEqual(firstRoot) && after.AsSpan().SequenceEqual(root);
    }

    // The largest power of two below the size.
    private static long Split(long size) => 1L << BitOperations.Log2((ulong)(size - 1));

    // A node without a right neighbour moves up unhashed.
    private static void SkipLoneNodes(ref long node, ref long last)
    {
        while ((node & 1) == 0 && node != 0)
        {
            node >>= 1;
            last >>= 1;
        }
    }
}
