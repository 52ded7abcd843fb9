namespace EventMl.Data.Quality;

/// <summary>All that is known of a version's quality; <see cref="QualityReportWriter"/> writes it for people.</summary>
public sealed record QualityReport
{
    /// <summary>The dataset's name.</summary>
    public required string Dataset { get; init; }

    /// <summary>The version, as the lake names it.</summary>
    public required string Version { get; init; }

    /// <summary>When the report was made.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The profile; its preview and values of personal data are masked by <see cref="ProfileMask"/> when written.</summary>
    public DatasetProfile? Profile { get; init; }

    /// <summary>The suite's verdict.</summary>
    public SuiteReport? Suite { get; init; }

    /// <summary>Personal data found.</summary>
    public PiiReport? Pii { get; init; }

    /// <summary>What is unusual.</summary>
    public IReadOnlyList<Anomaly> Anomalies { get; init; } = [];
}
