using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.Testing;
using Npgsql;

namespace EventMl.Foundation.Tests.Bus;

/// <summary>A RabbitMQ that takes nothing for a minute, since it has no memory left.</summary>
public sealed class BrokerBlockedTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    [Fact]
    [Trait("Category", "Deep")]
    public async Task No_transaction_stays_open_doors_answer_and_nothing_is_lost_when_the_broker_is_blocked_for_a_minute()
    {
        await using var servers = await OwnServers.StartAsync();
        var options = BusHost.Options("rabbitmq", new Uri(servers.RabbitMq));
        await using var database = NpgsqlDataSource.Create(servers.Postgres);
        await BusHost.DeclareAsync(database);
        await BusSetup.DeclareAsync(options, BusHost.Register, [typeof(Ids).Assembly], TestContext.Current.CancellationToken);
        await using var host = await BusHost.StartAsync(servers.Postgres, options);
        await using var load = CommandLoad.Start(servers.RabbitMq);
        await load.MoreAsync(50);

        await servers.RabbitMqCtlAsync("set_vm_memory_high_watermark", "0.00001");
        var blockedAt = TimeProvider.System.GetTimestamp();
        var (doors, slowest) = (0, TimeSpan.Zero);
        var oldest = TimeSpan.Zero;
        var confirmedBefore = 0;
        using (var pace = new PeriodicTimer(Pace))
        {
            while (TimeProvider.System.GetElapsedTime(blockedAt) < Minute)
            {
                var asked = TimeProvider.System.GetTimestamp();
                await host.Door.ExecuteAsync(
                    new RequestTraining { TaskId = Ids.New("train"), Input = "digits", Output = "100000" }, new DoorCall { Actor = "ada", Grant = Grant.Platform, Door = Doors.Rest }, TestContext.Current.CancellationToken);
                doors++;
                slowest = Longer(slowest, TimeProvider.System.GetElapsedTime(asked));
                oldest = Longer(oldest, await OldestTransactionAsync(database));
                // What was under way when the alarm went off is let through.
                confirmedBefore = TimeProvider.System.GetElapsedTime(blockedAt) < Minute / 6 ? load.Confirmed : confirmedBefore;
                await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            }
        }

        load.Confirmed.ShouldBe(confirmedBefore, "the broker is really blocked");
        oldest.ShouldBeLessThan(TimeSpan.FromSeconds(1));
        slowest.ShouldBeLessThan(TimeSpan.FromSeconds(1));
        doors.ShouldBeGreaterThan(300);
        (await database.CountAsync("training.inbox where consumer = 'training-run-training'")).ShouldBeLessThan(doors, "events wait in the ledger");

        await servers.RabbitMqCtlAsync("set_vm_memory_high_watermark", "0.4");
        await load.MoreAsync(50);
        await load.EndAsync();
        var all = load.Confirmed + doors;
        await database.UntilAsync("training.inbox where consumer = 'training-run-training'", all, "everything is handled", TimeSpan.FromSeconds(60), orMore: true);

        (await database.CountAsync("ledger.mt_events where type = 'training_requested'")).ShouldBe(all);
        (await database.CountAsync("ledger.mt_events")).ShouldBe(all, "one event each and no refusal");
        (await database.CountAsync("sagas.saga")).ShouldBe(all);
        (await database.CountAsync("watching.inbox where consumer = 'watching-on-training-requested'")).ShouldBe(all);
        (await database.CountAsync("training.inbox where consumer = 'training-run-training'")).ShouldBe(all);
        host.Seen.Of<RunTraining>().Select(r => r.TaskId).ShouldBeUnique();
        TestContext.Current.TestOutputHelper?.WriteLine($"{doors} commands by the door, {load.Confirmed} by the bus; slowest door {slowest.TotalMilliseconds:F0} ms, oldest transaction {oldest.TotalMilliseconds:F0} ms");
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static async Task<TimeSpan> OldestTransactionAsync(NpgsqlDataSource database)
    {
        await using var oldest = database.CreateCommand(
            "select coalesce(max(clock_timestamp() - xact_start), interval '0') from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend' and xact_start is not null");
        return (TimeSpan)(await oldest.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
