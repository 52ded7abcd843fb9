using EventMl.Jobs;
using Npgsql;

namespace EventMl.Datasets;

/// <summary>The area's job rows and their progress.</summary>
internal sealed class DatasetsJobs(NpgsqlDataSource dataSource)
{
    public JobQueue Queue { get; } = new(dataSource, DatasetsModule.Schema);

    /// <summary>The same rows with a wake-up of their own, for the runner of changes.</summary>
    public JobQueue Changes { get; } = new(dataSource, DatasetsModule.Schema);

    public JobProgressBoard Progress { get; } = new(dataSource, DatasetsModule.Schema);
}
