namespace EventMl.Contracts.Datasets;

/// <summary>Asks for a name for a version of a dataset; a tagged version is never collected.</summary>
public sealed record TagDataset
{
    /// <summary>Name of the dataset.</summary>
    public string? Dataset { get; init; }

    /// <summary>The tag: letters, digits, dots, dashes and underscores, beginning with a letter.</summary>
    public string? Tag { get; init; }

    /// <summary>Version that gets the tag; the latest when absent.</summary>
    public long? Version { get; init; }

    /// <summary>Whether a tag that stands at another version is moved; refused unless true.</summary>
    public bool? Move { get; init; }
}

/// <summary>Asks for a tag to be removed; its version stays.</summary>
public sealed record UntagDataset
{
    /// <summary>Name of the dataset.</summary>
    public string? Dataset { get; init; }

    /// <summary>The tag.</summary>
    public string? Tag { get; init; }
}

/// <summary>A version of a dataset has a tag, which stood at no version or at another before.</summary>
/// <param name="Dataset">Name of the dataset.</param>
/// <param name="Tag">The tag.</param>
/// <param name="Version">The version that has it now.</param>
/// <param name="TaggedAt">When.</param>
public sealed record DatasetTagged(string Dataset, string Tag, long Version, DateTimeOffset TaggedAt);

/// <summary>A tag was removed from a dataset.</summary>
/// <param name="Dataset">Name of the dataset.</param>
/// <param name="Tag">The tag.</param>
/// <param name="UntaggedAt">When.</param>
public sealed record DatasetUntagged(string Dataset, string Tag, DateTimeOffset UntaggedAt);
