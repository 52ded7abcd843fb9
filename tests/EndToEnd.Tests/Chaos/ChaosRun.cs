using System.Text;
using EventMl.Contracts;
using EventMl.EndToEnd.Tests.Hosting;
using EventMl.Testing;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.EndToEnd.Tests.Chaos;

/// <summary>Sends a plan and kills things meanwhile, in an order that depends on the seed alone.</summary>
internal sealed class ChaosRun(Platform platform, OwnServers servers, HostProcess[] hosts, ChaosPlan plan, Random random)
{
    private const int Spare = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>What was killed, in order.</summary>
    public List<string> Kills { get; } = [];

    /// <summary>Every command, once.</summary>
    public List<ChaosCommand> Sent { get; } = [];

    /// <summary>Ids of the messages that no worker can read.</summary>
    public List<Guid> Malformed { get; } = [];

    /// <summary>Messages sent a second time on purpose.</summary>
    public int Duplicates { get; private set; }

    /// <summary>Messages sent again because the broker did not confirm them.</summary>
    public int Repeated { get; private set; }

    /// <summary>The smallest number of unfinished sagas at a kill.</summary>
    public long FewestInFlight { get; private set; } = long.MaxValue;

    /// <summary>The hosts that run now.</summary>
    public HostProcess[] Hosts => hosts;

    /// <summary>Sends everything; between two kills the platform must have got ahead.</summary>
    public async Task SendAllAsync(int kills, int inFlight, int malformed, IReadOnlyList<string> nonsense)
    {
        await using var client = new ChaosClient(platform.Broker);
        var share = (plan.Commands.Count + kills - 1) / kills;
        for (var kill = 0; kill < kills; kill++)
        {
            foreach (var command in plan.Commands.Skip(kill * share).Take(share))
            {
                await SendAsync(client, command);
            }

            for (var i = kill * malformed / kills; i < (kill + 1) * malformed / kills; i++)
            {
                Malformed.Add(Ids.Derive("nonsense", $"{i}"));
                await client.SendAsync("eventml.training.request-training", "", Encoding.UTF8.GetBytes(nonsense[i % nonsense.Count]), Malformed[^1]);
            }

            await AheadAsync(random.Next(share));
            // Some end between this look and the kill.
            await BusyAsync(client, inFlight + Spare);
            FewestInFlight = Math.Min(FewestInFlight, await AskAsync(LiveAsync));
            await KillAsync();
        }

        Repeated = client.Repeated;
    }

    /// <summary>Waits until everything that was sent is done.</summary>
    public async Task SettleAsync(TimeSpan limit)
    {
        await Task.WhenAll(hosts.Select(h => h.ReadyAsync()));
        await Wait.UntilAsync(
            () => AskAsync(async () => await HandledAsync() >= Sent.Count && await LiveAsync() == 0 && await JobsAsync() == 0),
            $"every task to be over\n{platform.Logs}", limit);
        await platform.Database.AtRestAsync();
    }

    private async Task SendAsync(ChaosClient client, ChaosCommand command)
    {
        if (command.After is { } first)
        {
            await Wait.UntilAsync(() => AskAsync(async () => await HandledAsync([first]) == 1), $"{first} to be handled\n{platform.Logs}", Patience);
        }

        await client.SendAsync(command);
        Sent.Add(command);
        if (random.Next(10) == 0)
        {
            Duplicates++;
            await client.SendAsync(Sent[random.Next(Sent.Count)]);
        }
    }

    private async Task AheadAsync(int step)
    {
        var goal = Math.Min(Sent.Count, await AskAsync(HandledAsync) + step);
        await Wait.UntilAsync(() => AskAsync(async () => await HandledAsync() >= goal), $"the platform to go on\n{platform.Logs}", Patience);
    }

    // Work that nobody cancels, until enough of it is on its way.
    private async Task BusyAsync(ChaosClient client, int inFlight)
    {
        while (await AskAsync(LiveAsync) is var live && live < inFlight)
        {
            for (; live < inFlight + Spare; live++)
            {
                await SendAsync(client, plan.Training());
            }

            // Until each accepted one has its saga: others end meanwhile, so that it may take more.
            await Wait.UntilAsync(
                () => AskAsync(async () => await LiveAsync() >= inFlight || (await HandledAsync() >= Sent.Count && await UnheardAsync() == 0)), $"sagas to begin\n{platform.Logs}", Patience);
        }
    }

    private async Task KillAsync()
    {
        var victim = random.Next(10);
        Kills.Add(victim < 6 ? "worker" : victim < 8 ? "rabbitmq" : "postgres");
        if (Kills[^1] == "worker")
        {
            hosts[victim % 2].IsAlive.ShouldBeTrue($"nothing but a kill may end a worker\n{hosts[victim % 2].Log}");
            await hosts[victim % 2].KillAsync();
            hosts[victim % 2] = platform.Begin();
            return;
        }

        servers.Kill(Kills[^1]);
        await servers.StartAsync(Kills[^1]);
    }

    private Task<long> HandledAsync() => HandledAsync([.. Sent.Select(c => c.Id)]);

    // Sagas send commands of the same kinds, so that only the ids tell.
    private async Task<long> HandledAsync(Guid[] ids)
    {
        await using var command = platform.Database.DataSource.CreateCommand(
            """
            select count(distinct message_id) from (
              select message_id from datasets.inbox union all select message_id from training.inbox
              union all select message_id from models.inbox union all select message_id from serving.inbox) i
            where message_id = any($1)
            """);
        command.Parameters.Add(new() { Value = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    private Task<long> LiveAsync() => CountAsync("select count(*) from sagas.saga where state not in ('Done', 'Abandoned')");

    private Task<long> UnheardAsync() => CountAsync(
        "select (select count(*) from ledger.mt_events where type = 'training_requested') - (select count(*) from sagas.saga where kind = 'training-task')");

    private Task<long> JobsAsync() => CountAsync(
        "select (select count(*) from training.job where state <> 'done') + (select count(*) from datasets.job where state <> 'done') + (select count(*) from models.job where state <> 'done') + (select count(*) from serving.job where state <> 'done')");

    private async Task<long> CountAsync(string sql) => await platform.Database.ScalarAsync<long>(sql, TestContext.Current.CancellationToken);

    // The database may have been killed a moment ago.
    private static async Task<T> AskAsync<T>(Func<Task<T>> ask)
        where T : struct
    {
        T? answer = null;
        await Wait.UntilAsync(
            async () =>
            {
                try
                {
                    answer = await ask();
                    return true;
                }
                catch (NpgsqlException)
                {
                    return false;
                }
            },
            "the database to answer", Patience);
        return answer!.Value;
    }
}
