using System.Security.Cryptography;
using EventMl.EventStore.Proof;

namespace EventMl.Foundation.Tests.EventStore.Proof;

public sealed class MerkleTests
{
    // The leaves, roots and proofs that Certificate Transparency's implementations of RFC 6962 are tested with.
    private static readonly string[] _entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    private static readonly string[] _roots =
    [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    private static readonly byte[][] _leaves = [.. _entries.Select(e => MerkleHash.Leaf(Convert.FromHexString(e)))];

    [Fact]
    public void Gives_the_published_roots_when_the_published_leaves_are_appended()
    {
        var tree = new CompactRange();
        Hex(tree.Root()).ShouldBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        var roots = new List<string>();
        foreach (var leaf in _leaves)
        {
            tree.Append(leaf);
            roots.Add(Hex(tree.Root()));
        }

        roots.ShouldBe(_roots);
    }

    [Theory]
    [InlineData(0, 1, "")]
    [InlineData(0, 8, "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7 5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e 6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")]
    [InlineData(5, 8, "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0 d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    [InlineData(2, 3, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [InlineData(1, 5, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d 5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b")]
    public void Gives_the_published_inclusion_proofs_when_leaves_are_asked_for(int index, int size, string published)
    {
        var path = MerkleProof.InclusionRanges(index, size).Select(r => Naive(_leaves[(int)r.Start..(int)r.End])).ToArray();

        string.Join(' ', path.Select(Hex)).ShouldBe(published);
        MerkleProof.Includes(_leaves[index], index, size, path, Convert.FromHexString(_roots[size - 1])).ShouldBeTrue();
    }

    [Theory]
    [InlineData(1, 1, "")]
    [InlineData(1, 8, "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7 5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e 6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")]
    [InlineData(6, 8, "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0 d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    [InlineData(2, 5, "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b")]
    public void Gives_the_published_consistency_proofs_when_two_sizes_are_asked_for(int first, int size, string published)
    {
        var path = MerkleProof.ConsistencyRanges(first, size).Select(r => Naive(_leaves[(int)r.Start..(int)r.End])).ToArray();

        string.Join(' ', path.Select(Hex)).ShouldBe(published);
        MerkleProof.Extends(first, Convert.FromHexString(_roots[first - 1]), size, Convert.FromHexString(_roots[size - 1]), path).ShouldBeTrue();
    }

    [Fact]
    public void Agrees_with_the_naive_tree_when_it_grows_leaf_by_leaf()
    {
        var leaves = Random(300, seed: 7);
        var tree = new CompactRange();
        for (var size = 1; size <= leaves.Length; size++)
        {
            tree.Append(leaves[size - 1]);
            tree.Root().ShouldBe(Naive(leaves[..size]));
            var continued = new CompactRange(size, tree.Edge);
            continued.Root().ShouldBe(tree.Root());
            continued.Edge.Count.ShouldBeLessThanOrEqualTo(9);
        }
    }

    [Fact]
    public void Proves_every_leaf_and_nothing_else_when_any_size_is_taken()
    {
        var leaves = Random(40, seed: 11);
        for (var size = 1; size <= leaves.Length; size++)
        {
            var root = Naive(leaves[..size]);
            for (var index = 0; index < size; index++)
            {
                var path = Path(leaves, MerkleProof.InclusionRanges(index, size));
                MerkleProof.Includes(leaves[index], index, size, path, root).ShouldBeTrue($"{index} of {size}");
                for (var other = 0; other < size; other++)
                {
                    MerkleProof.Includes(leaves[index], other, size, path, root).ShouldBe(other == index, $"{index} as {other} of {size}");
                }

                MerkleProof.Includes(MerkleHash.Leaf([1]), index, size, path, root).ShouldBeFalse();
                MerkleProof.Includes(leaves[index], index, size, [.. path, root], root).ShouldBeFalse();
                MerkleProof.Includes(leaves[index], index, size, path, MerkleHash.Empty).ShouldBeFalse();
            }
        }
    }

    [Fact]
    public void Proves_every_earlier_tree_and_nothing_else_when_any_two_sizes_are_taken()
    {
        var leaves = Random(40, seed: 13);
        for (var size = 1; size <= leaves.Length; size++)
        {
            var root = Naive(leaves[..size]);
            for (var first = 1; first <= size; first++)
            {
                var path = Path(leaves, MerkleProof.ConsistencyRanges(first, size));
                MerkleProof.Extends(first, Naive(leaves[..first]), size, root, path).ShouldBeTrue($"{first} to {size}");
                MerkleProof.Extends(first, MerkleHash.Empty, size, root, path).ShouldBeFalse();
                MerkleProof.Extends(first, Naive(leaves[..first]), size, MerkleHash.Empty, path).ShouldBeFalse();
                if (path.Length > 0)
                {
                    MerkleProof.Extends(first, Naive(leaves[..first]), size, root, path[1..]).ShouldBeFalse();
                    MerkleProof.Extends(first, Naive(leaves[..first]), size, root, [.. path[..^1], MerkleHash.Empty]).ShouldBeFalse();
                }
            }
        }
    }

    [Fact]
    public void Refuses_an_edge_when_it_does_not_fit_the_size() =>
        Should.Throw<ArgumentException>(() => new CompactRange(5, [MerkleHash.Empty])).Message.ShouldContain("5 leaves");

    private static byte[][] Path(byte[][] leaves, IReadOnlyList<LeafRange> ranges) => [.. ranges.Select(r => Naive(leaves[(int)r.Start..(int)r.End]))];

    // MTH of RFC 6962 §2.1, word for word.
    private static byte[] Naive(byte[][] leaves)
    {
        if (leaves.Length == 1)
        {
            return leaves[0];
        }

        var k = 1;
        while (k * 2 < leaves.Length)
        {
            k *= 2;
        }

        return SHA256.HashData([1, .. Naive(leaves[..k]), .. Naive(leaves[k..])]);
    }

    private static byte[][] Random(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var leaf = new byte[32];
            random.NextBytes(leaf);
            return leaf;
        })];
    }

    private static string Hex(byte[] hash) => Convert.ToHexStringLower(hash);
}
