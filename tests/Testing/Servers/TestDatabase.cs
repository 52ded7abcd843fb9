using EventMl.Contracts;
using Npgsql;

namespace EventMl.Testing;

/// <summary>A fresh PostgreSQL database for one scenario, dropped on dispose.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly string _admin;
    private readonly bool _shared;

    private TestDatabase(string admin, string name, bool shared)
    {
        (_admin, _shared) = (admin, shared);
        Name = name;
        ConnectionString = new NpgsqlConnectionStringBuilder(admin)
        {
            Database = name,
            // Many scenarios share one server of 200 connections.
            MaxPoolSize = 20,
            IncludeErrorDetail = true,
        }.ConnectionString;
        DataSource = NpgsqlDataSource.Create(ConnectionString);
    }

    /// <summary>The name of the database, unique on the server.</summary>
    public string Name { get; }

    /// <summary>Npgsql connection string of the database's owner, who is a superuser.</summary>
    public string ConnectionString { get; }

    /// <summary>A pool on the database, disposed with it.</summary>
    public NpgsqlDataSource DataSource { get; }

    /// <summary>Creates an empty database on the server of this test run.</summary>
    public static async Task<TestDatabase> CreateAsync(CancellationToken cancellationToken = default) =>
        await CreateAsync((await TestServers.AddressesAsync()).Postgres, shared: true, cancellationToken);

    /// <summary>Creates an empty database on servers of the scenario's own, with which it goes.</summary>
    public static Task<TestDatabase> CreateAsync(OwnServers servers, CancellationToken cancellationToken = default) =>
        CreateAsync(servers.Postgres, shared: false, cancellationToken);

    private static async Task<TestDatabase> CreateAsync(string server, bool shared, CancellationToken cancellationToken)
    {
        var name = $"t_{Ids.New():n}";
        await ExecuteAsync(server, $"create database {name}", cancellationToken);
        return new TestDatabase(server, name, shared);
    }

    /// <summary>Runs one statement and returns the number of rows it touched.</summary>
    public async Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken = default)
    {
        await using var command = DataSource.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The first column of the first row, or default where there is none.</summary>
    public async Task<T?> ScalarAsync<T>(string sql, CancellationToken cancellationToken = default)
    {
        await using var command = DataSource.CreateCommand(sql);
        var value = await command.ExecuteScalarAsync(cancellationToken);
        return value is null or DBNull ? default : (T)value;
    }

    /// <summary>Drops the database, whoever is still connected to it.</summary>
    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();
        await using (var pooled = new NpgsqlConnection(ConnectionString))
            NpgsqlConnection.ClearPool(pooled);
        if (_shared)
            await ExecuteAsync(_admin, $"drop database if exists {Name} with (force)", CancellationToken.None);
    }

    private static async Task ExecuteAsync(string connectionString, string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
