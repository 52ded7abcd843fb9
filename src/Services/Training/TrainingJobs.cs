using EventMl.Jobs;
using Npgsql;

namespace EventMl.Training;

/// <summary>The area's job rows.</summary>
internal sealed class TrainingJobs(NpgsqlDataSource dataSource)
{
    public JobQueue Queue { get; } = new(dataSource, TrainingModule.Schema);
}
