using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Testing;

namespace EventMl.Foundation.Tests.Jobs;

/// <summary>A job table in a database of its own.</summary>
internal sealed class JobScenario : IAsyncDisposable
{
    public const string Kind = "train";

    private readonly TestDatabase _database;
    private readonly LedgerSignal _signal = new();

    private JobScenario(TestDatabase database)
    {
        _database = database;
        Queue = new JobQueue(database.DataSource, "training");
        Ledger = new Ledger(
            database.DataSource, new EventTypes(), [], new LedgerOptions { ConnectionString = database.ConnectionString }, TimeProvider.System, _signal);
    }

    public JobQueue Queue { get; }

    public Ledger Ledger { get; }

    public static async Task<JobScenario> CreateAsync()
    {
        var scenario = new JobScenario(await TestDatabase.CreateAsync());
        await scenario._database.ExecuteAsync("create schema training; " + scenario.Queue.CreateSql);
        return scenario;
    }

    public JobQueue AnotherQueue() => new(_database.DataSource, "training");

    public Task EnqueueAsync(string id, string kind = Kind) => InAsync(t => Queue.EnqueueAsync(t, id, kind, new { Number = 7 }));

    public Task<JobLease?> ClaimAsync(string owner, double leaseSeconds = 30) => Queue.ClaimAsync(owner, [Kind], TimeSpan.FromSeconds(leaseSeconds));

    public async Task InAsync(Func<LedgerTransaction, Task> work) => await Ledger.InTransactionAsync(async t =>
    {
        await work(t);
        return true;
    });

    public Task<bool> AskAsync(Func<LedgerTransaction, Task<bool>> work) => Ledger.InTransactionAsync(work);

    public Task ExpireAsync(string id) =>
        _database.ExecuteAsync($"update training.job set lease_until = clock_timestamp() - interval '1 second' where id = '{id}'");

    public Task<string?> StateAsync(string id) => _database.ScalarAsync<string>($"select state || ' ' || attempt from training.job where id = '{id}'");

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    public static int Number(JobLease lease) => lease.Payload.GetProperty("Number").GetInt32();
}

/// <summary>Waiting on conditions, with a limit.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static async Task TrueAsync(Func<Task<bool>> condition, string what)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var start = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            TimeProvider.System.GetElapsedTime(start).ShouldBeLessThan(Limit, what);
            await timer.WaitForNextTickAsync();
        }
    }

    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => Task.FromResult(condition()), what);
}
