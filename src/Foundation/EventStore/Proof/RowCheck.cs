using System.Text.Json;

namespace EventMl.EventStore.Proof;

/// <summary>Compares one row after the other with what was sealed.</summary>
internal sealed class RowCheck(Findings findings)
{
    /// <summary>Stream of the notary's own events.</summary>
    public const string AnchorStream = "ledger-anchor";

    /// <summary>Stream of the maskings.</summary>
    public const string MaskingStream = "ledger-masking";

    private long? _leafless;

    public MaskBook Masks { get; } = new();

    /// <summary>The last position whose event is there.</summary>
    public long LastPresent { get; private set; }

    /// <summary>The last position that was sealed.</summary>
    public long SealedTo { get; private set; }

    /// <summary>Size of the largest anchor that the ledger itself tells of.</summary>
    public long ToldAnchor { get; private set; }

    /// <summary>Checks a row against the sealed leaf, or against its own when none is given.</summary>
    public void Check(EvidenceRow row, byte[]? sealedHash)
    {
        if (row.Facts is not { } facts)
        {
            Missing(row.Position, row.Position);
            return;
        }

        LastPresent = Math.Max(LastPresent, row.Position);
        Listen(facts, row.Data);
        if (row.Leaf is not { } leaf)
        {
            NoLeaf(row.Position, sealedHash is not null);
            return;
        }

        if (_leafless is { } leafless)
        {
            _leafless = null;
            findings.Add(leafless, FindingKind.SideTablesForged, $"The leaf of position {leafless} is gone from eml_leaf, though later ones are there.");
        }

        SealedTo = Math.Max(SealedTo, row.Position);
        Compare(row, facts, leaf, sealedHash ?? leaf.Hash);
    }

    /// <summary>Notes a row whose position cannot be.</summary>
    public void Misplaced(long position) =>
        findings.Add(position, FindingKind.SideTablesForged, $"The ledger has a row at position {position} that is out of order; positions count from 1 without gaps.");

    /// <summary>Notes positions that are not there.</summary>
    public void Missing(long from, long to)
    {
        SealedTo = Math.Max(SealedTo, to);
        findings.AddMissing(from, to);
    }

    private void NoLeaf(long position, bool wasSealed)
    {
        if (wasSealed)
        {
            findings.Add(position, FindingKind.SideTablesForged, $"The leaf of position {position} is gone from eml_leaf; without its salts the event cannot be checked.");
        }
        else
        {
            _leafless ??= position;
        }
    }

    private void Compare(EvidenceRow row, EventFacts facts, StoredLeaf leaf, byte[] sealedHash)
    {
        var hash = EventLeaf.Hash(facts, leaf.DataCommitment, leaf.HeadersCommitment);
        var dataOpens = leaf.DataSalt is null || Commitment.Opens(leaf.DataCommitment, leaf.DataSalt, row.Data);
        var headersOpen = leaf.HeadersCommitment is null ? row.Headers is null : Commitment.Opens(leaf.HeadersCommitment, leaf.HeadersSalt, row.Headers);
        var leafIsSealed = leaf.Hash.AsSpan().SequenceEqual(sealedHash);
        if (hash.AsSpan().SequenceEqual(sealedHash))
        {
            CompareContent(row, leaf, dataOpens, headersOpen, leafIsSealed);
        }
        else if (leafIsSealed && dataOpens && headersOpen)
        {
            findings.AddSuspect(row, sealedHash, FindingKind.MetadataEdited, $"Stream, version, type, id, correlation or a time of the event at position {row.Position} was changed; its data and headers were not.");
        }
        else if (leafIsSealed || leaf.Hash.AsSpan().SequenceEqual(hash))
        {
            findings.AddSuspect(row, sealedHash, FindingKind.EventReplaced,
                $"The event at position {row.Position} is not the one that was sealed there{(leafIsSealed ? "" : ", and its leaf was written anew to fit it")}.");
        }
        else
        {
            findings.AddSuspect(row, sealedHash, FindingKind.SideTablesForged, $"The leaf of position {row.Position} is neither the one that was sealed nor that of its event.");
        }
    }

    private void CompareContent(EvidenceRow row, StoredLeaf leaf, bool dataOpens, bool headersOpen, bool leafIsSealed)
    {
        if (leaf.DataSalt is null)
        {
            Masks.Note(row);
        }

        if (!dataOpens)
        {
            findings.Add(row.Position, FindingKind.DataEdited, $"The data of the event at position {row.Position} were changed.");
        }

        if (!headersOpen)
        {
            findings.Add(row.Position, FindingKind.HeadersEdited, $"The headers of the event at position {row.Position} were changed.");
        }

        if (!leafIsSealed)
        {
            findings.Add(row.Position, FindingKind.SideTablesForged, $"The leaf of position {row.Position} in eml_leaf is not the one that was sealed.");
        }
    }

    private void Listen(EventFacts facts, string? data)
    {
        if (data is not null && facts is { Stream: MaskingStream, Type: "event_masked" })
        {
            Masks.Record(data);
        }
        else if (data is not null && facts is { Stream: AnchorStream, Type: "ledger_anchored" }
            && MaskBook.Json(data) is { ValueKind: JsonValueKind.Object } anchored && anchored.TryGetProperty("Size", out var size) && size.TryGetInt64(out var told))
        {
            ToldAnchor = Math.Max(ToldAnchor, told);
        }
    }
}
