namespace EventMl.Lake;

/// <summary>Where the lake is and how it behaves.</summary>
public sealed record LakeOptions
{
    /// <summary>The folder that holds <c>datasets/</c> and <c>models/</c>, or for a remote lake what is fetched and being written; it is made when missing.</summary>
    public required string Root { get; init; }

    /// <summary>
    /// Whether materialised inputs are copies (copy-on-write where the file system can) instead of hard links to the lake's read-only
    /// files. A process with root's rights ignores read-only permissions, so its scripts could damage linked files: there it is on by default.
    /// </summary>
    public bool CopyOnMaterialise { get; init; } = Environment.IsPrivilegedProcess;

    /// <summary>Bytes that fetched files of a remote lake may take below the root; those used in the last ten minutes stay even beyond it.</summary>
    public long CacheBytes { get; init; } = 20L << 30;

    /// <summary>How old a file that no version uses must be before it is collected; longer than any commit takes.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>What a version is a version of.</summary>
public enum LakeKind
{
    /// <summary>Rows in Arrow files.</summary>
    Dataset,

    /// <summary>A tree of files: weights, description, metrics.</summary>
    Model,
}

/// <summary>Why a version is committed; a second commit with the same <paramref name="Id"/> gives back the first one's version.</summary>
/// <param name="Id">Unique for the work being committed, usually the task's id.</param>
/// <param name="Operation"><see cref="Append"/> adds the rows to those of the latest version; anything else replaces them.</param>
/// <param name="Actor">Who asked for it.</param>
public sealed record LakeTransaction(string Id, string Operation, string? Actor)
{
    /// <summary>The operation that keeps the rows of the latest version.</summary>
    public const string Append = "append";

    /// <summary>
    /// The version that the work was based on: what was committed since is judged, and a conflict refused. Null for rows that are appended to, or put
    /// in place of, whatever is there; operations that look at rows then take the latest version when they begin.
    /// </summary>
    public long? ReadVersion { get; init; }

    /// <summary>Free key-value pairs kept with the version.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}
