namespace EventMl.Data.Quality;

/// <summary>Kinds of personal data that are looked for.</summary>
public enum PiiKind
{
    /// <summary>Addresses of electronic mail.</summary>
    Email,

    /// <summary>Telephone numbers: international (E.164, with or without separators), North American, German and Chinese mobile ones.</summary>
    Phone,

    /// <summary>International bank account numbers; length and checksum are verified.</summary>
    Iban,

    /// <summary>Card numbers of the large networks; length and Luhn checksum are verified.</summary>
    CreditCard,

    /// <summary>IPv4 and IPv6 addresses.</summary>
    IpAddress,

    /// <summary>US social security numbers, written with dashes.</summary>
    UsSsn,

    /// <summary>Chinese resident identity numbers; date and checksum are verified.</summary>
    CnResidentId,

    /// <summary>Names of people; told by the column's name alone.</summary>
    PersonName,

    /// <summary>Postal addresses; told by the column's name alone.</summary>
    PostalAddress,

    /// <summary>Dates of birth; told by the column's name alone.</summary>
    BirthDate,
}

/// <summary>What a scan found in a dataset.</summary>
public sealed record PiiReport
{
    /// <summary>Rows scanned.</summary>
    public required long Rows { get; init; }

    /// <summary>One entry per column and kind with at least one match or hint, the most certain first.</summary>
    public required IReadOnlyList<PiiFinding> Findings { get; init; }
}

/// <summary>One kind of personal data in one column.</summary>
public sealed record PiiFinding
{
    /// <summary>The column.</summary>
    public required string Column { get; init; }

    /// <summary>The kind.</summary>
    public required PiiKind Kind { get; init; }

    /// <summary>Values in which it was found.</summary>
    public required long Matches { get; init; }

    /// <summary>Their share of the values that are not null, 0 to 1.</summary>
    public required double Share { get; init; }

    /// <summary>How certain it is, 0 to 1; from <see cref="PiiScanner.LikelyConfidence"/> on the column counts as personal data.</summary>
    public required double Confidence { get; init; }

    /// <summary>Whether the column's name speaks for it.</summary>
    public required bool NameHint { get; init; }

    /// <summary>Up to three matches, masked.</summary>
    public required IReadOnlyList<string> Samples { get; init; }

    /// <summary>Whether it is to be treated as personal data.</summary>
    public bool IsLikely() => Confidence >= PiiScanner.LikelyConfidence;
}
