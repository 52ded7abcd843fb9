using System.Text.Json;

namespace EventMl.Contracts.Datasets;

/// <summary>Asks for raw data to become a dataset version; repeating it with the same TaskId changes nothing.</summary>
public sealed record RequestIngestion
{
    /// <summary>Id of the task (<c>ingest-…</c>); made from the message id when absent.</summary>
    public string? TaskId { get; init; }

    /// <summary>Name of the task; only one task of a name runs at a time.</summary>
    public string? Name { get; init; }

    /// <summary>Folder or file to read, under an allowed root; absent for source <c>sql</c>.</summary>
    public string? Input { get; init; }

    /// <summary>Script that cleans the data, under an allowed root; absent when <see cref="Source"/> names a built-in reader.</summary>
    public string? Script { get; init; }

    /// <summary>Built-in reader used when no script is given: <c>idx</c>, <c>csv</c>, <c>tsv</c>, <c>jsonl</c>, <c>arrow</c>, <c>images</c> or <c>sql</c>.</summary>
    public string? Source { get; init; }

    /// <summary>Parameters handed to the script as they are, or the options of <see cref="Source"/> (a JSON object).</summary>
    public JsonElement? Params { get; init; }

    /// <summary>Name of the dataset to write; a further version if it exists.</summary>
    public string? Output { get; init; }

    /// <summary>Seconds after which the task is ended; 3,600 when absent.</summary>
    public int? TimeoutSeconds { get; init; }
}

/// <summary>Asks for a running ingestion to end.</summary>
public sealed record CancelIngestion
{
    /// <summary>The task to end.</summary>
    public string? TaskId { get; init; }

    /// <summary>Why, for the ledger; <c>TASK_CANCELLED</c> or <c>TASK_TIMED_OUT</c>.</summary>
    public string? Code { get; init; }
}

/// <summary>Asks the datasets workers to execute an accepted ingestion.</summary>
public sealed record RunIngestion(string TaskId);

/// <summary>An ingestion was accepted.</summary>
public sealed record IngestionRequested(
    string TaskId, string Name, string Input, string? Script, string? Source, JsonElement Params, string Output, int TimeoutSeconds, DateTimeOffset RequestedAt);

/// <summary>A command for an ingestion was refused.</summary>
public sealed record IngestionRejected(string? TaskId, string? Name, string Command, string Code, string Message, DateTimeOffset RejectedAt);

/// <summary>A worker began an attempt.</summary>
public sealed record IngestionStarted(string TaskId, int Attempt, string Worker, DateTimeOffset StartedAt);

/// <summary>The cancellation of an ingestion was accepted; the task ends as failed.</summary>
public sealed record IngestionCancelRequested(string TaskId, string Code, DateTimeOffset RequestedAt);

/// <summary>The dataset version is committed and the task is over.</summary>
public sealed record IngestionCompleted(string TaskId, int Attempt, string Dataset, long Version, JsonElement Stats, DateTimeOffset CompletedAt);

/// <summary>The task is over without a dataset version.</summary>
public sealed record IngestionFailed(string TaskId, int Attempt, TaskError Error, string? LogTail, DateTimeOffset FailedAt);
