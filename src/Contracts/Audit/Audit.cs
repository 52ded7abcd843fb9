namespace EventMl.Contracts.Audit;

/// <summary>The ledger's events up to a position were sealed by a signed head that also stands outside the database.</summary>
/// <param name="Size">Number of events sealed, which is the last position.</param>
/// <param name="Root">Root of their Merkle tree (RFC 6962), hexadecimal.</param>
/// <param name="PreviousSize">Size of the head before; 0 for the first.</param>
/// <param name="PreviousRoot">Root of the head before, hexadecimal.</param>
/// <param name="KeyId">SHA-256 of the public key, hexadecimal.</param>
/// <param name="Signature">ECDSA P-256 signature of the head's text (DER, base64).</param>
/// <param name="Head">The text that was signed.</param>
/// <param name="AnchoredAt">When the head was signed.</param>
public sealed record LedgerAnchored(
    long Size, string Root, long PreviousSize, string PreviousRoot, string KeyId, string Signature, string Head, DateTimeOffset AnchoredAt);

/// <summary>Values in the data of an event were replaced for ever, which the chain shows and does not hold against the record.</summary>
/// <param name="Position">Position of the masked event.</param>
/// <param name="Stream">Its stream.</param>
/// <param name="EventId">Its id.</param>
/// <param name="Members">The members that were masked; never their values.</param>
/// <param name="Reason">Why.</param>
/// <param name="Actor">Who asked for it.</param>
/// <param name="Commitment">Salted commitment of the masked form, hexadecimal, so that it cannot be changed further unnoticed.</param>
/// <param name="MaskedAt">When.</param>
public sealed record EventMasked(
    long Position, string Stream, string EventId, IReadOnlyList<string> Members, string Reason, string Actor, string Commitment, DateTimeOffset MaskedAt);
