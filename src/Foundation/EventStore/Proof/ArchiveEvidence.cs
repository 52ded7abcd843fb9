using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace EventMl.EventStore.Proof;

/// <summary>The record in an export, read bit by bit and believed in nothing.</summary>
public sealed class ArchiveEvidence : IEvidence, IDisposable
{
    private const int LongestAnchor = 1 << 26;

    private readonly string _path;
    private readonly ZipArchive _anchors;

    private ArchiveEvidence(string path, ZipArchive anchors)
    {
        (_path, _anchors) = (path, anchors);
    }

    /// <summary>Opens an export.</summary>
    /// <exception cref="FormatException">The file is no export.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ArchiveEvidence Open(string path)
    {
        var archive = new ArchiveEvidence(path, OpenZip(path));
        if (archive._anchors.GetEntry(LedgerArchive.Events) is null || archive._anchors.GetEntry(LedgerArchive.Leaves) is null)
        {
            archive.Dispose();
            throw new FormatException($"{path} is not an export of a ledger; eventml audit export writes one.");
        }

        return archive;
    }

    /// <summary>The public keys that the export itself names, PEM; empty when it names none.</summary>
    public async Task<string> PublicKeyAsync(CancellationToken cancellationToken = default) =>
        await ReadAsync(LedgerArchive.PublicKey, 1 << 16, cancellationToken) is { } bytes ? Encoding.UTF8.GetString(bytes) : "";

    /// <inheritdoc />
    public async IAsyncEnumerable<EvidenceRow> RowsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var events = LinesAsync(LedgerArchive.Events, ProofJson.Default.EventLine, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using var leaves = LinesAsync(LedgerArchive.Leaves, ProofJson.Default.LeafLine, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var (hasEvent, hasLeaf) = (await events.MoveNextAsync(), await leaves.MoveNextAsync());
        while (hasEvent || hasLeaf)
        {
            var position = Math.Min(hasEvent ? events.Current.Position : long.MaxValue, hasLeaf ? leaves.Current.Position : long.MaxValue);
            var line = hasEvent && events.Current.Position == position ? events.Current : null;
            var leaf = hasLeaf && leaves.Current.Position == position ? leaves.Current : null;
            yield return new EvidenceRow(position, line?.Facts(), line?.Data, line?.Headers, leaf?.Leaf());
            hasEvent = line is null ? hasEvent : await events.MoveNextAsync();
            hasLeaf = leaf is null ? hasLeaf : await leaves.MoveNextAsync();
        }
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<StoredRoot> RootsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var line in LinesAsync(LedgerArchive.Roots, ProofJson.Default.RootLine, cancellationToken))
        {
            yield return line.Root();
        }
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<long>> AnchorsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<long>>([.. _anchors.Entries.Select(e => LedgerArchive.AnchorSize(e.FullName)).OfType<long>().Distinct().Order()]);

    /// <inheritdoc />
    public Task<byte[]?> AnchorAsync(long size, CancellationToken cancellationToken) => ReadAsync(LedgerArchive.AnchorName(size), LongestAnchor, cancellationToken);

    /// <inheritdoc />
    public async Task<IReadOnlyList<string>> PendingMaskingsAsync(CancellationToken cancellationToken)
    {
        var maskings = new List<string>();
        await foreach (var line in LinesAsync(LedgerArchive.Maskings, ProofJson.Default.String, cancellationToken))
        {
            maskings.Add(line);
        }

        return maskings;
    }

    /// <inheritdoc />
    public void Dispose() => _anchors.Dispose();

    private static ZipArchive OpenZip(string path)
    {
        try
        {
            return new ZipArchive(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.Asynchronous), ZipArchiveMode.Read, leaveOpen: false);
        }
        catch (InvalidDataException e)
        {
            throw new FormatException($"{path} is not a ZIP file: {e.Message}", e);
        }
    }

    // Each stream of lines has the file for itself, since they are read side by side.
    private async IAsyncEnumerable<T> LinesAsync<T>(string name, JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var zip = OpenZip(_path);
        if (zip.GetEntry(name) is not { } entry)
        {
            yield break;
        }

        await using var stream = entry.Open();
        var lines = new LineReader(stream);
        for (var number = 1; await NextAsync() is { } line; number++)
        {
            yield return Parse(line.Span, number);
        }

        async Task<ReadOnlyMemory<byte>?> NextAsync()
        {
            try
            {
                return await lines.ReadAsync(cancellationToken);
            }
            catch (InvalidDataException e)
            {
                throw new FormatException($"{name} in {_path} is damaged: {e.Message}", e);
            }
        }

        T Parse(ReadOnlySpan<byte> line, int number)
        {
            try
            {
                return JsonSerializer.Deserialize(line, type) ?? throw new FormatException($"Line {number} of {name} in {_path} is empty.");
            }
            catch (JsonException e)
            {
                throw new FormatException($"Line {number} of {name} in {_path} cannot be read: {e.Message}", e);
            }
        }
    }

    private async Task<byte[]?> ReadAsync(string name, int limit, CancellationToken cancellationToken)
    {
        if (_anchors.GetEntry(name) is not { } entry)
        {
            return null;
        }

        try
        {
            await using var stream = entry.Open();
            using var bytes = new MemoryStream();
            var buffer = new byte[1 << 16];
            while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                if (bytes.Length + count > limit)
                {
                    throw new FormatException($"{name} in {_path} is longer than {limit} bytes.");
                }

                bytes.Write(buffer, 0, count);
            }

            return bytes.ToArray();
        }
        catch (InvalidDataException e)
        {
            throw new FormatException($"{name} in {_path} is damaged: {e.Message}", e);
        }
    }
}
