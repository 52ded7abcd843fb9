namespace EventMl.Contracts.Datasets;

/// <summary>Asks for the content of an earlier version to become the newest version.</summary>
public sealed record RestoreDataset
{
    /// <summary>Name of the dataset.</summary>
    public string? Dataset { get; init; }

    /// <summary>Version whose content is wanted again.</summary>
    public long? Version { get; init; }
}

/// <summary>Asks for a new dataset that begins as a version of another without copying its files.</summary>
public sealed record CloneDataset
{
    /// <summary>Name of the dataset to clone.</summary>
    public string? Dataset { get; init; }

    /// <summary>Version to clone; the latest when absent.</summary>
    public long? Version { get; init; }

    /// <summary>Name of the new dataset, which must be free.</summary>
    public string? Output { get; init; }
}

/// <summary>Which rows are meant: those whose column compares with a value in the given way.</summary>
public sealed record RowCondition
{
    /// <summary>Name of a column of numbers, texts, truth values, dates or timestamps.</summary>
    public string? Column { get; init; }

    /// <summary>One of <c>=</c>, <c>!=</c>, <c>&lt;</c>, <c>&lt;=</c>, <c>&gt;</c>, <c>&gt;=</c>, <c>is null</c> and <c>is not null</c>; a null compares with no value.</summary>
    public string? Op { get; init; }

    /// <summary>The value as text: a number, <c>true</c>, an instant such as <c>2026-03-01T12:00:00Z</c>, or the text itself; absent for nulls.</summary>
    public string? Value { get; init; }
}

/// <summary>Asks for rows to be left out of the next version, by their ids or by a condition.</summary>
public sealed record DeleteDatasetRows
{
    /// <summary>Name of the dataset.</summary>
    public string? Dataset { get; init; }

    /// <summary>Ids of the rows, at most 10,000; a preview shows them.</summary>
    public IReadOnlyList<long>? RowIds { get; init; }

    /// <summary>Condition that the rows fulfil, instead of ids.</summary>
    public RowCondition? Where { get; init; }
}

/// <summary>Asks for columns to be left out of the next version.</summary>
public sealed record DropDatasetColumns
{
    /// <summary>Name of the dataset.</summary>
    public string? Dataset { get; init; }

    /// <summary>Names of the columns.</summary>
    public IReadOnlyList<string>? Columns { get; init; }
}

/// <summary>Asks for small and worn files of a dataset to be put together into larger ones, as a new version with the same rows.</summary>
public sealed record CompactDataset
{
    /// <summary>Name of the dataset.</summary>
    public string? Dataset { get; init; }
}

/// <summary>Asks for old versions and unneeded files of a dataset to be deleted; what is tagged, or used by a model or a running training, stays.</summary>
public sealed record CollectDatasetGarbage
{
    /// <summary>Name of the dataset; one that was deleted loses every version but the last that it can.</summary>
    public string? Dataset { get; init; }

    /// <summary>How many of the newest versions stay, from 1; all when absent.</summary>
    public int? KeepVersions { get; init; }

    /// <summary>Versions committed within so many seconds stay; 0 when absent.</summary>
    public long? KeepYoungerThanSeconds { get; init; }

    /// <summary>Files stay for so many seconds after they were written; the lake's own setting when absent.</summary>
    public long? GraceSeconds { get; init; }
}

/// <summary>Asks for an exported archive to become a dataset version again.</summary>
public sealed record ImportDataset
{
    /// <summary>Name of the dataset to make, which must be free; under the archive's own name the version keeps its id and number.</summary>
    public string? Dataset { get; init; }

    /// <summary>The archive's path, under an allowed root.</summary>
    public string? Input { get; init; }

    /// <summary>Id of an archive that was sent to the platform before, instead of a path.</summary>
    public string? Upload { get; init; }
}

/// <summary>What a change shall do, with the members that its operation needs.</summary>
public sealed record DatasetChange
{
    /// <summary>One of <c>restore</c>, <c>clone</c>, <c>delete_rows</c>, <c>drop_columns</c>, <c>compact</c>, <c>collect_garbage</c> and <c>import</c>.</summary>
    public required string Operation { get; init; }

    /// <summary>Dataset that is cloned.</summary>
    public string? Source { get; init; }

    /// <summary>Version that is restored or cloned.</summary>
    public long? Version { get; init; }

    /// <summary>Ids of rows to delete.</summary>
    public IReadOnlyList<long>? RowIds { get; init; }

    /// <summary>Condition of rows to delete.</summary>
    public RowCondition? Where { get; init; }

    /// <summary>Columns to drop.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>How many of the newest versions a collection keeps.</summary>
    public int? KeepVersions { get; init; }

    /// <summary>How young, in seconds, a version must be for a collection to keep it.</summary>
    public long? KeepYoungerThanSeconds { get; init; }

    /// <summary>How old, in seconds, an unneeded file must be to be deleted.</summary>
    public long? GraceSeconds { get; init; }

    /// <summary>Path of the archive to import.</summary>
    public string? Input { get; init; }

    /// <summary>Id of the sent archive to import.</summary>
    public string? Upload { get; init; }
}

/// <summary>A change of a dataset was accepted and waits for a worker; one of the other events with its id says how it ended.</summary>
/// <param name="Dataset">Name of the dataset.</param>
/// <param name="ChangeId">Id of the change (<c>change-…</c>).</param>
/// <param name="Change">What it shall do.</param>
/// <param name="RequestedAt">When it was asked for.</param>
public sealed record DatasetChangeRequested(string Dataset, string ChangeId, DatasetChange Change, DateTimeOffset RequestedAt);

/// <summary>A change made a new version of a dataset, which can be read.</summary>
/// <param name="Dataset">Name of the dataset.</param>
/// <param name="Version">Version, one more than the one before unless it was imported.</param>
/// <param name="ChangeId">The change that made it.</param>
/// <param name="Operation">Operation of the change.</param>
/// <param name="Uri">Where its bytes are: <c>lake://datasets/&lt;name&gt;@&lt;version&gt;</c>.</param>
/// <param name="ManifestSha256">Content hash of the version: the Merkle root over its manifest, hexadecimal.</param>
/// <param name="StoragePath">Path of the dataset in the lake.</param>
/// <param name="Schema">Columns in order.</param>
/// <param name="NumRows">Number of rows.</param>
/// <param name="SizeBytes">Size of the data files in bytes.</param>
/// <param name="BytesWritten">Bytes of the files that this version brought; null when unknown.</param>
/// <param name="CommittedAt">When the version was committed.</param>
public sealed record DatasetVersionCommitted(
    string Dataset, long Version, string ChangeId, string Operation, string Uri, string ManifestSha256, string StoragePath,
    IReadOnlyList<DatasetField> Schema, long NumRows, long SizeBytes, long? BytesWritten, DateTimeOffset CommittedAt);

/// <summary>A change had nothing to do and made no version.</summary>
/// <param name="Dataset">Name of the dataset.</param>
/// <param name="ChangeId">The change.</param>
/// <param name="Reason">Why there was nothing to do.</param>
/// <param name="EndedAt">When it ended.</param>
public sealed record DatasetLeftUnchanged(string Dataset, string ChangeId, string Reason, DateTimeOffset EndedAt);

/// <summary>A change could not be made; the dataset is as it was.</summary>
/// <param name="Dataset">Name of the dataset.</param>
/// <param name="ChangeId">The change.</param>
/// <param name="Error">Why it could not be made.</param>
/// <param name="FailedAt">When it ended.</param>
public sealed record DatasetChangeFailed(string Dataset, string ChangeId, TaskError Error, DateTimeOffset FailedAt);

/// <summary>Versions of a dataset exist no more; their files go next.</summary>
/// <param name="Dataset">Name of the dataset.</param>
/// <param name="ChangeId">The collection.</param>
/// <param name="Versions">The versions that are no more.</param>
/// <param name="ExpiredAt">When they ceased to exist.</param>
public sealed record DatasetVersionsExpired(string Dataset, string ChangeId, IReadOnlyList<long> Versions, DateTimeOffset ExpiredAt);

/// <summary>A collection is over: so many files that nothing needed were deleted, of so many bytes.</summary>
/// <param name="Dataset">Name of the dataset.</param>
/// <param name="ChangeId">The collection.</param>
/// <param name="Files">Number of files deleted.</param>
/// <param name="Bytes">Their size in bytes.</param>
/// <param name="CollectedAt">When it ended.</param>
public sealed record DatasetGarbageCollected(string Dataset, string ChangeId, int Files, long Bytes, DateTimeOffset CollectedAt);
