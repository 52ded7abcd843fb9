using Npgsql;
using NpgsqlTypes;

namespace EventMl.Jobs;

/// <summary>How far a running job is; percentages are shown, never recorded in the ledger.</summary>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all; 0 when unknown.</param>
/// <param name="Message">What it is doing.</param>
public sealed record JobProgress(long Done, long Total, string? Message);

/// <summary>The progress rows of one area, written at most once a second by each runner.</summary>
/// <param name="dataSource">Connections.</param>
/// <param name="schema">Schema of the area.</param>
public sealed class JobProgressBoard(NpgsqlDataSource dataSource, string schema)
{
    /// <summary>Statement that creates the table when missing.</summary>
    public string CreateSql => $"create unlogged table if not exists {schema}.job_progress (id text primary key, attempt int not null, done bigint not null, total bigint not null, message text);";

    /// <summary>Shows the progress of an attempt; an older attempt's is ignored.</summary>
    public async Task ReportAsync(JobLease lease, JobProgress progress, CancellationToken cancellationToken = default)
    {
        await using var report = dataSource.CreateCommand(
            $"""
            insert into {schema}.job_progress (id, attempt, done, total, message) values ($1, $2, $3, $4, $5)
            on conflict (id) do update set attempt = excluded.attempt, done = excluded.done, total = excluded.total, message = excluded.message
            where job_progress.attempt <= excluded.attempt
            """);
        report.Parameters.AddWithValue(lease.Id);
        report.Parameters.AddWithValue(lease.Attempt);
        report.Parameters.AddWithValue(progress.Done);
        report.Parameters.AddWithValue(progress.Total);
        report.Parameters.Add(new NpgsqlParameter { Value = (object?)progress.Message ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        await report.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The last progress shown, or null.</summary>
    public async Task<JobProgress?> GetAsync(string id, CancellationToken cancellationToken = default)
    {
        await using var get = dataSource.CreateCommand($"select done, total, message from {schema}.job_progress where id = $1");
        get.Parameters.AddWithValue(id);
        await using var reader = await get.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new JobProgress(reader.GetInt64(0), reader.GetInt64(1), reader.IsDBNull(2) ? null : reader.GetString(2))
            : null;
    }
}
