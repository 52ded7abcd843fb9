using EventMl.Jobs;
using Npgsql;

namespace EventMl.Models;

/// <summary>The job rows of this area; a type of its own, since a host has one queue per area.</summary>
/// <param name="dataSource">The platform's database.</param>
public sealed class ModelsJobs(NpgsqlDataSource dataSource)
{
    /// <summary>The queue.</summary>
    public JobQueue Queue { get; } = new(dataSource, ModelsModule.Schema);
}
