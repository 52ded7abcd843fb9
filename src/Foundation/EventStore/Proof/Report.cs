using System.Text.Json.Serialization;

namespace EventMl.EventStore.Proof;

/// <summary>What can be wrong with a record.</summary>
[JsonConverter(typeof(FindingKindConverter))]
public enum FindingKind
{
    /// <summary>The event's data are not those that were sealed.</summary>
    DataEdited,

    /// <summary>The event's headers are not those that were sealed.</summary>
    HeadersEdited,

    /// <summary>Stream, version, type, id, correlation or a time is not what was sealed.</summary>
    MetadataEdited,

    /// <summary>The event, or its position, is gone.</summary>
    EventDeleted,

    /// <summary>The event was sealed at another position.</summary>
    EventReordered,

    /// <summary>Another event stands where one was sealed, and the side tables were made to fit.</summary>
    EventReplaced,

    /// <summary>The ledger ends before what was sealed.</summary>
    TailTruncated,

    /// <summary>Leaves or roots of the database do not agree with what was signed.</summary>
    SideTablesForged,

    /// <summary>A head's signature is not by a trusted key.</summary>
    BadSignature,

    /// <summary>An anchor outside the database is gone.</summary>
    AnchorMissing,

    /// <summary>An anchor cannot be read, or does not fit its own head.</summary>
    AnchorDamaged,

    /// <summary>A head does not follow the one before.</summary>
    RootsBroken,

    /// <summary>An event cannot be opened, and no EventMasked says why, or it is not the form that was recorded.</summary>
    MaskUnrecorded,
}

/// <summary>One thing that is wrong.</summary>
/// <param name="Position">The position, the first of several, or for a head the last that it covers.</param>
/// <param name="Kind">What is wrong.</param>
/// <param name="Message">The same as a sentence.</param>
public sealed record Finding(long Position, FindingKind Kind, string Message);

/// <summary>What a verification found.</summary>
/// <param name="Intact">Whether nothing is wrong.</param>
/// <param name="FirstBadPosition">The first position that is wrong.</param>
/// <param name="Findings">What is wrong, by position; at most a hundred.</param>
/// <param name="FindingCount">How many there are in all.</param>
/// <param name="Events">Last position of the ledger.</param>
/// <param name="AnchoredTo">Positions 1 to here are held by signed heads outside the database; 0 when none are.</param>
/// <param name="AnchoredAt">When the last of these heads was signed.</param>
/// <param name="NotAnchored">How many events came after it: a change there could be hidden.</param>
/// <param name="Anchors">How many anchors hold them.</param>
/// <param name="Root">Root of the last of these heads, hexadecimal.</param>
/// <param name="Keys">Ids of the keys that were trusted.</param>
/// <param name="Masked">Positions whose data were masked, at most a thousand.</param>
/// <param name="MaskedCount">How many there are in all.</param>
public sealed record VerificationReport(
    bool Intact, long? FirstBadPosition, IReadOnlyList<Finding> Findings, long FindingCount, long Events, long AnchoredTo, DateTimeOffset? AnchoredAt,
    long NotAnchored, int Anchors, string? Root, IReadOnlyCollection<string> Keys, IReadOnlyList<long> Masked, long MaskedCount);

internal sealed class FindingKindConverter() : JsonStringEnumConverter<FindingKind>(System.Text.Json.JsonNamingPolicy.SnakeCaseLower);
