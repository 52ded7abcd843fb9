using EventMl.Jobs;
using Npgsql;

namespace EventMl.Serving;

/// <summary>The area's job rows: a service is a job that lasts until it is deleted.</summary>
internal sealed class ServingJobs(NpgsqlDataSource dataSource)
{
    public JobQueue Queue { get; } = new(dataSource, ServingModule.Schema);
}
