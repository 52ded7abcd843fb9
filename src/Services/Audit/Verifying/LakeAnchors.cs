using System.Globalization;
using EventMl.EventStore.Proof;
using EventMl.Lake;

namespace EventMl.Audit.Verifying;

/// <summary>Anchors in the folder <c>ledger</c> of the lake, one file each.</summary>
internal sealed class LakeAnchors(LakeStore lake) : IAnchorStore
{
    private const string Folder = "ledger";
    private const string Prefix = "anchor-";
    private const string Suffix = ".json";

    public async Task WriteAsync(long size, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (!await lake.TryWriteRecordAsync(Folder, Name(size), content, cancellationToken)
            && await ReadAsync(size, cancellationToken) is var kept && !content.Span.SequenceEqual(kept))
        {
            throw new ProofBrokenException($"The lake holds another anchor over {size} events already; is it the lake of another ledger?");
        }
    }

    public async Task<IReadOnlyList<long>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await lake.ListRecordsAsync(Folder, cancellationToken)).Select(SizeOf).OfType<long>()];

    public Task<byte[]?> ReadAsync(long size, CancellationToken cancellationToken) => lake.ReadRecordAsync(Folder, Name(size), cancellationToken);

    // All names have one length, so that their order is that of the sizes.
    private static string Name(long size) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{size:D19}{Suffix}");

    private static long? SizeOf(string name) =>
        name.Length > Prefix.Length + Suffix.Length
        && long.TryParse(name.AsSpan(Prefix.Length, name.Length - Prefix.Length - Suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var size) && Name(size) == name
            ? size
            : null;
}
