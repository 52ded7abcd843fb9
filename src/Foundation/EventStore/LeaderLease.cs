using Npgsql;

namespace EventMl.EventStore;

/// <summary>The right to lead under a name, by the database's clock; its epoch fences every write of a leader that lost it unawares.</summary>
public sealed class LeaderLease(NpgsqlDataSource dataSource, LedgerOptions options, string name)
{
    private readonly string _owner = $"{Environment.MachineName}:{Environment.ProcessId}:{Contracts.Ids.New():N}";
    private long _renewedAt;

    /// <summary>What is led.</summary>
    public string Name => name;

    /// <summary>Number of the current leadership; grows with every change of leader; 0 before the first.</summary>
    public long Epoch { get; private set; }

    /// <summary>Whether the lease cannot have run out, as far as this process can know.</summary>
    public bool IsHeld => Epoch > 0 && _renewedAt != 0 && TimeProvider.System.GetElapsedTime(_renewedAt) < options.LeaseTime;

    /// <summary>Becomes leader when nobody else leads; false otherwise.</summary>
    public async Task<bool> AcquireAsync(CancellationToken cancellationToken = default)
    {
        var asked = TimeProvider.System.GetTimestamp();
        await using var command = dataSource.CreateCommand($"""
            insert into {options.Schema}.eml_lease as held values ($1, $2, 1, clock_timestamp() + $3)
            on conflict (name) do update set owner = excluded.owner, epoch = held.epoch + 1, expires_at = excluded.expires_at
            where held.expires_at < clock_timestamp() or held.owner = excluded.owner
            returning epoch
            """);
        command.Parameters.AddWithValue(name);
        command.Parameters.AddWithValue(_owner);
        command.Parameters.AddWithValue(options.LeaseTime);
        if (await command.ExecuteScalarAsync(cancellationToken) is not long epoch)
        {
            return false;
        }

        Epoch = epoch;
        _renewedAt = asked;
        return true;
    }

    /// <summary>Stays leader; false when another took over.</summary>
    public async Task<bool> RenewAsync(CancellationToken cancellationToken = default)
    {
        var asked = TimeProvider.System.GetTimestamp();
        await using var command = dataSource.CreateCommand(
            $"update {options.Schema}.eml_lease set expires_at = clock_timestamp() + $3 where name = $1 and epoch = $2");
        command.Parameters.AddWithValue(name);
        command.Parameters.AddWithValue(Epoch);
        command.Parameters.AddWithValue(options.LeaseTime);
        var renewed = await command.ExecuteNonQueryAsync(cancellationToken) == 1;
        _renewedAt = renewed ? asked : 0;
        return renewed;
    }

    /// <summary>Lets the next leader begin at once.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken = default)
    {
        _renewedAt = 0;
        await using var command = dataSource.CreateCommand(
            $"update {options.Schema}.eml_lease set expires_at = '-infinity' where name = $1 and epoch = $2");
        command.Parameters.AddWithValue(name);
        command.Parameters.AddWithValue(Epoch);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
