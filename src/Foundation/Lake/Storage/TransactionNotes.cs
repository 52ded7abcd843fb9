using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace EventMl.Lake.Storage;

/// <summary>
/// Which versions a transaction may have made. Before a manifest gets its name a note under the transaction's own folder says so; notes are never
/// changed. A transaction without a note has therefore made no version, and one with notes only those it names, if their manifests are its own.
/// </summary>
internal sealed class TransactionNotes(LakeTable table)
{
    public async Task WriteAsync(string transaction, long version, CancellationToken ct)
    {
        var note = JsonSerializer.SerializeToUtf8Bytes(new { id = transaction, version });
        // A note of an earlier attempt at the same version says the same.
        _ = await table.Storage.TryCreateAsync(PathOf(transaction, version), note, ct);
    }

    public string PathOf(string transaction, long version) => $"{FolderOf(transaction)}/{version.ToString("D20", CultureInfo.InvariantCulture)}.json";

    public async Task<StoredManifest?> FindAsync(string transaction, CancellationToken ct)
    {
        await foreach (var note in table.Storage.ListAsync(FolderOf(transaction), ct))
        {
            if (VersionOf(note.Path) is { } version && await table.ReadAsync(version, ct) is { } stored && stored.Manifest.Txn.Id == transaction)
                return stored;
        }

        return await FindOlderAsync(transaction, ct);
    }

    /// <summary>The version that a note's path names.</summary>
    public static long? VersionOf(string path) =>
        path.EndsWith(".json", StringComparison.Ordinal) && long.TryParse(path.AsSpan(path.LastIndexOf('/') + 1)[..^5], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;

    // Programs before format 2 left no notes.
    private async Task<StoredManifest?> FindOlderAsync(string transaction, CancellationToken ct)
    {
        var notedFrom = long.MaxValue;
        await foreach (var version in table.VersionsAsync(ct))
        {
            if (notedFrom <= 1)
                return null;
            if (version >= notedFrom || await table.ReadAsync(version, ct) is not { } stored)
                continue;
            if (stored.Manifest.Txn.Id == transaction)
                return stored;
            notedFrom = Math.Min(notedFrom, stored.Manifest.NotedFrom ?? long.MaxValue);
        }

        return null;
    }

    private string FolderOf(string transaction) => $"{table.Folder}/_txns/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(transaction)))[..32]}";
}
