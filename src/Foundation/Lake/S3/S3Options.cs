namespace EventMl.Lake.S3;

/// <summary>Which bucket of which S3-compatible store holds the lake.</summary>
public sealed record S3Options
{
    /// <summary>Address of the store, for instance <c>https://s3.example.org</c>; null for Amazon's own in <see cref="Region"/>.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>The store's region; any name will do for stores that have none.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>The bucket; it must exist.</summary>
    public required string Bucket { get; init; }

    /// <summary>The folder of the bucket that is the lake's; empty for all of it.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>The key's id.</summary>
    public required string AccessKey { get; init; }

    /// <summary>The key's secret.</summary>
    public required string SecretKey { get; init; }

    /// <summary>Whether the bucket stands in the path instead of the host's name, which most stores but Amazon's want.</summary>
    public bool PathStyle { get; init; } = true;

    /// <summary>Files larger than this go in several parts of this size, 5 MiB or more.</summary>
    public long PartBytes { get; init; } = 16 << 20;

    /// <summary>How long a writer that does not report counts as alive; it reports four times as often.</summary>
    public TimeSpan WriterLease { get; init; } = TimeSpan.FromMinutes(10);
}
