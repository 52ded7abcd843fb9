using EventMl.Jobs;
using Npgsql;

namespace EventMl.Datasets;

/// <summary>The area's job rows.</summary>
internal sealed class DatasetsJobs(NpgsqlDataSource dataSource)
{
    public JobQueue Queue { get; } = new(dataSource, DatasetsModule.Schema);
}
