using EventMl.Testing;
using Npgsql;

namespace EventMl.Foundation.Tests.Servers;

public sealed class TestDatabaseTests
{
    [Fact]
    public async Task Scenarios_see_nothing_of_each_other_when_they_share_a_server()
    {
        await using var one = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        await using var other = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        await one.ExecuteAsync("create table mark(id int); insert into mark values (7)", TestContext.Current.CancellationToken);

        (await one.ScalarAsync<int>("select id from mark", TestContext.Current.CancellationToken)).ShouldBe(7);
        (await other.ScalarAsync<string>("select to_regclass('mark')::text", TestContext.Current.CancellationToken)).ShouldBeNull();
    }

    [Fact]
    public async Task Database_is_gone_when_disposed_with_a_connection_still_open()
    {
        var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        await using var open = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await open.OpenAsync(TestContext.Current.CancellationToken);

        await database.DisposeAsync();

        await using var another = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        (await another.ScalarAsync<long>(
            $"select count(*) from pg_database where datname = '{database.Name}'", TestContext.Current.CancellationToken)).ShouldBe(0);
    }

    [Fact]
    public async Task Server_refuses_when_the_password_is_wrong()
    {
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        var wrong = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Password = "wrong", Pooling = false };
        await using var connection = new NpgsqlConnection(wrong.ConnectionString);

        var refused = await Should.ThrowAsync<PostgresException>(() => connection.OpenAsync(TestContext.Current.CancellationToken));

        refused.SqlState.ShouldBe(PostgresErrorCodes.InvalidPassword);
    }

    [Fact]
    public async Task Server_keeps_commits_when_it_is_asked_for_its_settings()
    {
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);

        (await database.ScalarAsync<string>("show fsync", TestContext.Current.CancellationToken)).ShouldBe("on");
        (await database.ScalarAsync<string>("show max_connections", TestContext.Current.CancellationToken)).ShouldBe("200");
        (await database.ScalarAsync<string>("show listen_addresses", TestContext.Current.CancellationToken)).ShouldBe("127.0.0.1");
        (await database.ScalarAsync<long>(
            "select count(*) from pg_hba_file_rules where auth_method <> 'scram-sha-256'", TestContext.Current.CancellationToken)).ShouldBe(0);
    }
}
