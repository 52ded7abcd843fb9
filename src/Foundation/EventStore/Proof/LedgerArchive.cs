using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace EventMl.EventStore.Proof;

/// <summary>Writes a record as one ZIP file that anybody can read and check without a server: texts, one JSON object a line.</summary>
public static class LedgerArchive
{
    internal const string Events = "events.ndjson";
    internal const string Leaves = "leaves.ndjson";
    internal const string Roots = "roots.ndjson";
    internal const string Maskings = "pending-maskings.ndjson";
    internal const string PublicKey = "public-key.pem";

    private const string Readme = """
        An export of an EventMl ledger.

        events.ndjson   every event, by position; data and headers are texts, byte for byte as they were sealed
        leaves.ndjson   for each its leaf in the Merkle tree (RFC 6962), the commitments, and the salts that open them (none: masked)
        roots.ndjson    the signed heads of the database
        anchors/        the same heads as they were kept outside the database, with the leaf hashes each one added
        public-key.pem  the key or keys of the ledger; take them from somewhere else if you can

        Check it without any server:  eventml audit verify --export THIS_FILE --key PUBLIC.pem
        A single head: save its text as head.txt, its signature (base64) decoded as head.sig, and run
          openssl dgst -sha256 -verify public-key.pem -signature head.sig head.txt
        How the hashes are made stands in docs/ledger.md.

        """;

    /// <summary>Writes the archive, in bounded memory.</summary>
    public static async Task WriteAsync(IEvidence evidence, string publicKey, Stream output, CancellationToken cancellationToken = default)
    {
        await using var zip = await ZipArchive.CreateAsync(output, ZipArchiveMode.Create, leaveOpen: true, Encoding.UTF8, cancellationToken);
        await TextAsync(zip, "README.txt", Readme, cancellationToken);
        await TextAsync(zip, PublicKey, publicKey, cancellationToken);
        await LinesAsync(zip, Events, Select(evidence.RowsAsync(cancellationToken), EventLine.Of), ProofJson.Readable.EventLine, cancellationToken);
        await LinesAsync(zip, Leaves, Select(evidence.RowsAsync(cancellationToken), LeafLine.Of), ProofJson.Readable.LeafLine, cancellationToken);
        await LinesAsync(zip, Roots, Select(evidence.RootsAsync(cancellationToken), RootLine.Of), ProofJson.Readable.RootLine, cancellationToken);
        await LinesAsync(zip, Maskings, Select((await evidence.PendingMaskingsAsync(cancellationToken)).ToAsyncEnumerable(), m => m), ProofJson.Readable.String, cancellationToken);
        foreach (var size in await evidence.AnchorsAsync(cancellationToken))
        {
            if (await evidence.AnchorAsync(size, cancellationToken) is { } anchor)
            {
                await using var entry = await zip.CreateEntry(AnchorName(size), CompressionLevel.Fastest).OpenAsync(cancellationToken);
                await entry.WriteAsync(anchor, cancellationToken);
            }
        }
    }

    internal static string AnchorName(long size) => string.Create(CultureInfo.InvariantCulture, $"anchors/anchor-{size:D19}.json");

    internal static long? AnchorSize(string name) =>
        name.Length == AnchorName(0).Length && long.TryParse(name.AsSpan("anchors/anchor-".Length, 19), NumberStyles.None, CultureInfo.InvariantCulture, out var size) && name == AnchorName(size) ? size : null;

    private static async Task TextAsync(ZipArchive zip, string name, string text, CancellationToken cancellationToken)
    {
        await using var entry = await zip.CreateEntry(name, CompressionLevel.Fastest).OpenAsync(cancellationToken);
        await entry.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
    }

    private static async Task LinesAsync<T>(ZipArchive zip, string name, IAsyncEnumerable<T> lines, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        await using var entry = await zip.CreateEntry(name, CompressionLevel.Fastest).OpenAsync(cancellationToken);
        await using var buffered = new BufferedStream(entry, 1 << 16);
        await foreach (var line in lines.WithCancellation(cancellationToken))
        {
            await buffered.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(line, type), cancellationToken);
            buffered.WriteByte((byte)'\n');
        }
    }

    private static async IAsyncEnumerable<TLine> Select<T, TLine>(IAsyncEnumerable<T> rows, Func<T, TLine?> line)
        where TLine : class
    {
        await foreach (var row in rows)
        {
            if (line(row) is { } written)
            {
                yield return written;
            }
        }
    }
}
