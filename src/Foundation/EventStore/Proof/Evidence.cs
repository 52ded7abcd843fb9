namespace EventMl.EventStore.Proof;

/// <summary>A row of <c>eml_leaf</c>.</summary>
/// <param name="Hash">Hash of the leaf.</param>
/// <param name="DataCommitment">Commitment of the event's data as it was appended.</param>
/// <param name="DataSalt">Opens it; null once the event is masked.</param>
/// <param name="HeadersCommitment">Commitment of the headers; null when the event has none.</param>
/// <param name="HeadersSalt">Opens it.</param>
/// <param name="MaskSalt">Opens the commitment of the masked form, which <c>EventMasked</c> holds.</param>
public sealed record StoredLeaf(byte[] Hash, byte[] DataCommitment, byte[]? DataSalt, byte[]? HeadersCommitment, byte[]? HeadersSalt, byte[]? MaskSalt);

/// <summary>What is recorded of one position.</summary>
/// <param name="Position">Position in the ledger.</param>
/// <param name="Facts">The event beside its content; null when the event is gone.</param>
/// <param name="Data">Its data, the text of the jsonb.</param>
/// <param name="Headers">Its headers likewise; null when it has none.</param>
/// <param name="Leaf">Its leaf; null when there is none.</param>
public sealed record EvidenceRow(long Position, EventFacts? Facts, string? Data, string? Headers, StoredLeaf? Leaf);

/// <summary>A row of <c>eml_root</c>.</summary>
/// <param name="SignedHead">The head.</param>
/// <param name="Anchored">Whether it says that the head stands outside the database too.</param>
public sealed record StoredRoot(SignedHead SignedHead, bool Anchored);

/// <summary>Everything that a verification compares, in order and bit by bit: from the servers or from an export.</summary>
public interface IEvidence
{
    /// <summary>The rows of all positions, in order.</summary>
    IAsyncEnumerable<EvidenceRow> RowsAsync(CancellationToken cancellationToken);

    /// <summary>The signed roots of the database, in order.</summary>
    IAsyncEnumerable<StoredRoot> RootsAsync(CancellationToken cancellationToken);

    /// <summary>Sizes of the anchors, smallest first.</summary>
    Task<IReadOnlyList<long>> AnchorsAsync(CancellationToken cancellationToken);

    /// <summary>The anchor of that size; null when there is none.</summary>
    Task<byte[]?> AnchorAsync(long size, CancellationToken cancellationToken);

    /// <summary>Data of maskings that are committed, but have no position yet.</summary>
    Task<IReadOnlyList<string>> PendingMaskingsAsync(CancellationToken cancellationToken);
}
