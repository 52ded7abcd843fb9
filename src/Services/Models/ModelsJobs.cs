using EventMl.Jobs;
using Npgsql;

namespace EventMl.Models;

/// <summary>The job rows of this area; a type of its own, since a host has one queue per area.</summary>
internal sealed class ModelsJobs(NpgsqlDataSource dataSource)
{
    public JobQueue Queue { get; } = new(dataSource, ModelsModule.Schema);
}
