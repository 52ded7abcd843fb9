using System.Text.Json;
using EventMl.EventStore;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.Jobs;

/// <summary>The job rows of one area: work that a consumer wrote down and a runner does, by lease and attempt, on the database's clock.</summary>
/// <param name="dataSource">Connections for claims and heartbeats.</param>
/// <param name="schema">Schema of the area.</param>
public sealed class JobQueue(NpgsqlDataSource dataSource, string schema)
{
    /// <summary>Statement that creates the table when missing.</summary>
    public string CreateSql => $"""
        create table if not exists {schema}.job (
          id text primary key, kind text not null, payload jsonb not null,
          state text not null default 'queued' check (state in ('queued', 'running', 'done')),
          attempt int not null default 0, owner text, lease_until timestamptz, cancel_code text,
          created_at timestamptz not null default clock_timestamp(), updated_at timestamptz not null default clock_timestamp());
        create index if not exists job_open on {schema}.job (created_at, id) where state <> 'done';
        """;

    /// <summary>Schema of the area, which is also its name.</summary>
    internal string Schema => schema;

    /// <summary>Raised when an enqueue through this object has committed, so that a runner in the same process looks at once.</summary>
    internal WakeUp Signal { get; } = new();

    /// <summary>Writes a job in the transaction that decided on it; a second time with the same id changes nothing.</summary>
    public async Task EnqueueAsync(LedgerTransaction transaction, string id, string kind, object payload, CancellationToken cancellationToken = default)
    {
        await using var insert = transaction.Command(
            $"insert into {schema}.job (id, kind, payload) values ($1, $2, $3) on conflict (id) do nothing",
            Text(id), Text(kind), new NpgsqlParameter { Value = JsonSerializer.Serialize(payload, LedgerJson.Options), NpgsqlDbType = NpgsqlDbType.Jsonb });
        await insert.ExecuteNonQueryAsync(cancellationToken);
        transaction.OnCommitted(Signal.Raise);
    }

    /// <summary>Asks for a job to end; its runner sees it at the next heartbeat, a queued one when it is claimed. False when it is over or unknown.</summary>
    /// <param name="transaction">The transaction that decided on it.</param>
    /// <param name="id">The task.</param>
    /// <param name="code">Why, one of the error codes; the first reason stays.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public async Task<bool> RequestCancelAsync(LedgerTransaction transaction, string id, string code, CancellationToken cancellationToken = default)
    {
        await using var mark = transaction.Command(
            $"update {schema}.job set cancel_code = coalesce(cancel_code, $2), updated_at = clock_timestamp() where id = $1 and state <> 'done'", Text(id), Text(code));
        return await mark.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Ends a job that no runner has begun; false when one has (ask it by <see cref="RequestCancelAsync"/>), or it is over or unknown.</summary>
    public async Task<bool> WithdrawAsync(LedgerTransaction transaction, string id, CancellationToken cancellationToken = default)
    {
        await using var withdraw = transaction.Command(
            $"update {schema}.job set state = 'done', updated_at = clock_timestamp() where id = $1 and state = 'queued'", Text(id));
        return await withdraw.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Takes the oldest job of the given kinds that is queued or whose lease ran out; null when there is none.</summary>
    public async Task<JobLease?> ClaimAsync(string owner, IReadOnlyCollection<string> kinds, TimeSpan lease, CancellationToken cancellationToken = default)
    {
        await using var claim = dataSource.CreateCommand(
            $"""
            with next as materialized (
              select id from {schema}.job
              where kind = any($2) and (state = 'queued' or (state = 'running' and lease_until <= clock_timestamp()))
              order by created_at, id limit 1 for update skip locked)
            update {schema}.job j
            set state = 'running', attempt = j.attempt + 1, owner = $1, lease_until = clock_timestamp() + $3, updated_at = clock_timestamp()
            from next where j.id = next.id
            returning j.id, j.kind, j.payload::text, j.attempt
            """);
        claim.Parameters.Add(Text(owner));
        claim.Parameters.Add(new NpgsqlParameter { Value = kinds.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        claim.Parameters.Add(Interval(lease));
        await using var reader = await claim.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new JobLease(reader.GetString(0), reader.GetString(1), JsonSerializer.Deserialize<JsonElement>(reader.GetString(2)), reader.GetInt32(3), owner)
            : null;
    }

    /// <summary>Extends a lease that has not run out, and says whether the job shall end.</summary>
    public async Task<LeaseState> RenewAsync(JobLease lease, TimeSpan time, CancellationToken cancellationToken = default)
    {
        await using var renew = dataSource.CreateCommand(
            $"update {schema}.job set lease_until = clock_timestamp() + $4, updated_at = clock_timestamp() where {Mine} and lease_until > clock_timestamp() returning cancel_code");
        AddMine(renew, lease);
        renew.Parameters.Add(Interval(time));
        await using var reader = await renew.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return LeaseState.Lost;
        }

        return reader.IsDBNull(0) ? LeaseState.Held : LeaseState.CancelRequested(reader.GetString(0));
    }

    /// <summary>Locks the job's row for the rest of the transaction: the fence of every write that a runner makes.</summary>
    /// <exception cref="JobFencedException">The lease ran out, or another worker has the job, or it is over.</exception>
    public async Task HoldAsync(LedgerTransaction transaction, JobLease lease, CancellationToken cancellationToken = default)
    {
        // The select list is evaluated after the lock is taken, so the lease is judged by the clock of that moment.
        await using var hold = transaction.Command(
            $"select owner = $2 and attempt = $3 and state = 'running' and lease_until > clock_timestamp() from {schema}.job where id = $1 for update");
        AddMine(hold, lease);
        if (await hold.ExecuteScalarAsync(cancellationToken) is not true)
        {
            throw Fenced(lease);
        }
    }

    /// <summary>Marks the job as done, with the same fence as <see cref="HoldAsync"/>.</summary>
    /// <exception cref="JobFencedException">The lease ran out, or another worker has the job, or it is over.</exception>
    public async Task FinishAsync(LedgerTransaction transaction, JobLease lease, CancellationToken cancellationToken = default)
    {
        await HoldAsync(transaction, lease, cancellationToken);
        await using var finish = transaction.Command($"update {schema}.job set state = 'done', lease_until = null, updated_at = clock_timestamp() where {Mine}");
        AddMine(finish, lease);
        await finish.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Gives a job back so that another worker continues at once; false when it was not ours any more.</summary>
    public async Task<bool> ReleaseAsync(JobLease lease, CancellationToken cancellationToken = default)
    {
        await using var release = dataSource.CreateCommand(
            $"update {schema}.job set state = 'queued', owner = null, lease_until = null, updated_at = clock_timestamp() where {Mine}");
        AddMine(release, lease);
        return await release.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    private const string Mine = "id = $1 and owner = $2 and attempt = $3 and state = 'running'";

    private static void AddMine(NpgsqlCommand command, JobLease lease)
    {
        command.Parameters.Add(Text(lease.Id));
        command.Parameters.Add(Text(lease.Owner));
        command.Parameters.Add(new NpgsqlParameter { Value = lease.Attempt, NpgsqlDbType = NpgsqlDbType.Integer });
    }

    private static JobFencedException Fenced(JobLease lease) =>
        new($"Attempt {lease.Attempt} of job '{lease.Id}' does not hold its lease any more; what it wanted to write is refused.");

    private static NpgsqlParameter Text(string value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Text };

    private static NpgsqlParameter Interval(TimeSpan value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Interval };
}
