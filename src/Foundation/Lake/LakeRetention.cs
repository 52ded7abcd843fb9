namespace EventMl.Lake;

/// <summary>What collection keeps; it always keeps the latest version, tagged and pinned ones, what clones need, and what a running writer may need.</summary>
public sealed record LakeRetention
{
    /// <summary>How many of the newest versions stay; null for all.</summary>
    public int? KeepVersions { get; init; }

    /// <summary>Versions that were the latest at some time within this span stay, whatever <see cref="KeepVersions"/> says.</summary>
    public TimeSpan KeepYoungerThan { get; init; } = TimeSpan.Zero;

    /// <summary>How old a file that no version needs must be; null for the lake's own setting.</summary>
    public TimeSpan? GracePeriod { get; init; }

    /// <summary>The only versions that may go, where somebody else has decided which; null for all that need not be kept.</summary>
    public IReadOnlyCollection<(LakeKind Kind, string Name, long Version)>? Expired { get; init; }

    /// <summary>Further versions that must stay, for instance because a kept model or a running task uses them.</summary>
    public IReadOnlyCollection<(LakeKind Kind, string Name, long Version)> Pinned { get; init; } = [];
}

/// <summary>What a collection deleted: versions, files that no version needed any more, and their bytes.</summary>
public sealed record LakeCollection(IReadOnlyList<(LakeKind Kind, string Name, long Version)> Versions, int Files, long Bytes);
