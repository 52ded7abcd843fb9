using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EventMl.Lake.Storage;

/// <summary>
/// The Merkle root over a manifest: the first leaf is the document without <c>fragments</c>, <c>tree</c> and <c>root</c>, then one leaf per fragment
/// or file of the tree. Since each of them names its files' hashes, the root names every byte of the version; leaves and nodes are hashed as in RFC 6962.
/// </summary>
internal static class ManifestRoot
{
    private static readonly JsonWriterOptions s_compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(JsonElement manifest)
    {
        List<byte[]> leaves = [Leaf(writer =>
        {
            writer.WriteStartObject();
            foreach (var property in manifest.EnumerateObject())
            {
                if (property.Name is not ("fragments" or "tree" or "root"))
                    property.WriteTo(writer);
            }

            writer.WriteEndObject();
        })];
        if (manifest.TryGetProperty("fragments", out var fragments))
            leaves.AddRange(fragments.EnumerateArray().Select(f => Leaf(f.WriteTo)));
        if (manifest.TryGetProperty("tree", out var tree))
        {
            leaves.Add(Leaf(writer => tree.GetProperty("path").WriteTo(writer)));
            if (tree.TryGetProperty("base", out var number))
                leaves.Add(Leaf(number.WriteTo));
            leaves.AddRange(tree.GetProperty("files").EnumerateArray().Select(f => Leaf(f.WriteTo)));
        }

        return "sha256:" + Convert.ToHexStringLower(Root(leaves, 0, leaves.Count));
    }

    private static byte[] Leaf(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        buffer.WriteByte(0);
        using (var writer = new Utf8JsonWriter(buffer, s_compact))
            write(writer);
        return SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
    }

    private static byte[] Root(List<byte[]> leaves, int start, int count)
    {
        if (count == 1)
            return leaves[start];
        // The largest power of two below the count, so that a prefix keeps its subtrees.
        var left = 1 << (31 - int.LeadingZeroCount(count - 1));
        return SHA256.HashData([1, .. Root(leaves, start, left), .. Root(leaves, start + left, count - left)]);
    }
}
