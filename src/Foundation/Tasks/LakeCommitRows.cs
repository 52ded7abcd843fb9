using EventMl.Lake.S3;
using Npgsql;

namespace EventMl.Tasks;

/// <summary>Who created what in an object store without conditional PUT: one row of PostgreSQL per object that may be created only once.</summary>
public sealed class LakeCommitRows(NpgsqlDataSource dataSource) : ICommitRows
{
    /// <summary>Makes the table where it is missing.</summary>
    public async Task CreateAsync(CancellationToken cancellationToken = default)
    {
        await using var command = dataSource.CreateCommand(
            "create table if not exists eml_lake_commit (key text primary key, value bytea not null, at timestamptz not null default now())");
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc />
    public async Task<bool> TryAddAsync(string key, ReadOnlyMemory<byte> value, CancellationToken ct)
    {
        await using var command = dataSource.CreateCommand("insert into eml_lake_commit (key, value) values ($1, $2) on conflict (key) do nothing");
        command.Parameters.AddWithValue(key);
        command.Parameters.AddWithValue(value.ToArray());
        return await command.ExecuteNonQueryAsync(ct) == 1;
    }

    /// <inheritdoc />
    public async Task<byte[]?> FindAsync(string key, CancellationToken ct)
    {
        await using var command = dataSource.CreateCommand("select value from eml_lake_commit where key = $1");
        command.Parameters.AddWithValue(key);
        return (byte[]?)await command.ExecuteScalarAsync(ct);
    }

    /// <inheritdoc />
    public async Task<bool> RemoveAsync(string key, CancellationToken ct)
    {
        await using var command = dataSource.CreateCommand("delete from eml_lake_commit where key = $1");
        command.Parameters.AddWithValue(key);
        return await command.ExecuteNonQueryAsync(ct) == 1;
    }
}
