using EventMl.Jobs;
using Npgsql;

namespace EventMl.Training;

/// <summary>The area's job rows and their progress.</summary>
internal sealed class TrainingJobs(NpgsqlDataSource dataSource)
{
    public JobQueue Queue { get; } = new(dataSource, TrainingModule.Schema);

    public JobProgressBoard Progress { get; } = new(dataSource, TrainingModule.Schema);
}
