using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace EventMl.EventStore;

/// <summary>Whose work the current flow of control does: transactions of the ledger that begin in it have that area's database role and no other rights.</summary>
public static class AreaScope
{
    private static readonly AsyncLocal<string?> _current = new();

    /// <summary>Name of the area; null outside of all scopes, where transactions have the rights of the platform's own user.</summary>
    public static string? Current => _current.Value;

    /// <summary>Begins a scope; it ends when the result is disposed of.</summary>
    public static IDisposable Enter(string area)
    {
        var scope = new Scope(_current.Value);
        _current.Value = area;
        return scope;
    }

    private sealed class Scope(string? before) : IDisposable
    {
        public void Dispose() => _current.Value = before;
    }
}

/// <summary>Connections by area. The role comes with the connection itself, so that no transaction pays for it and none can forget it.</summary>
/// <param name="owner">Connections of the platform's own user, also for areas without a role.</param>
/// <param name="options">Where the database is.</param>
public sealed class AreaConnections(NpgsqlDataSource owner, LedgerOptions options) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Task<NpgsqlDataSource>> _areas = new(StringComparer.Ordinal);

    /// <summary>An open connection with the rights of <see cref="AreaScope.Current"/>.</summary>
    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken = default)
    {
        if (AreaScope.Current is not { } area)
        {
            return await owner.OpenConnectionAsync(cancellationToken);
        }

        var connections = _areas.GetOrAdd(area, CreateAsync);
        try
        {
            return await (await connections.WaitAsync(cancellationToken)).OpenConnectionAsync(cancellationToken);
        }
        catch when (connections.IsFaulted)
        {
            // The database was away when it was first asked.
            _areas.TryRemove(KeyValuePair.Create(area, connections));
            throw;
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        foreach (var connections in _areas.Values.Where(a => a.IsCompletedSuccessfully))
        {
            if (await connections != owner)
            {
                await (await connections).DisposeAsync();
            }
        }
    }

    private async Task<NpgsqlDataSource> CreateAsync(string area)
    {
        var role = new CategoryOwner(area).Role;
        // Roles belong to the whole server; the rights on the area's schema say that it was declared in this database.
        await using var usable = owner.CreateCommand(
            "select coalesce((select pg_has_role(r.oid, 'member') and has_schema_privilege(r.oid, n.oid, 'usage') from pg_roles r, pg_namespace n where r.rolname = $1 and n.nspname = $2), false)");
        usable.Parameters.AddWithValue(role);
        usable.Parameters.AddWithValue(area);
        return await usable.ExecuteScalarAsync() is true ? LedgerServices.CreateDataSource(options, role) : owner;
    }
}
