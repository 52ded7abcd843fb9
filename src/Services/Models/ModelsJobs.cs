using EventMl.Jobs;
using Npgsql;

namespace EventMl.Models;

/// <summary>The area's job rows.</summary>
internal sealed class ModelsJobs(NpgsqlDataSource dataSource)
{
    public JobQueue Queue { get; } = new(dataSource, ModelsModule.Schema);
}
