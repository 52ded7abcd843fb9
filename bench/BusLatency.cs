using System.Globalization;
using System.Text;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace EventMl.Bench;

/// <summary>
/// How long an event takes from its append until its observer has it. Beside it, in turn, what nobody can do without: a bare persistent
/// publish → consume on the same broker, and a bare commit on the same database, which an ordered ledger needs twice (the event, its position).
/// </summary>
internal static class BusLatency
{
    private const int Messages = 2000;
    private const int WarmUp = 200;
    private const double Goal = 2;
    private const int CommitsNeeded = 2;
    private const string RawQueue = "bench-raw";
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private static readonly EventMetadata Metadata = new("bench", "bench", "bench", "bench", null);

    public static async Task RunAsync(Action<string> say)
    {
        await using var rig = await BusRig.CreateAsync(bus => bus.AddObserver<TrainingRejected, Receiver>(BusRig.Area));
        var events = new Stopwatches();
        using var host = await rig.LeadAsync(s => s.AddSingleton(events));
        await using var broker = await RawBroker.OpenAsync(rig.Broker.Address);
        await broker.BindAsync(RawQueue, RawQueue);
        var raw = new Stopwatches();
        await broker.HearAsync(RawQueue, (properties, _) => raw.Stop(properties.MessageId!));
        var ledger = host.Services.GetRequiredService<Ledger>();
        var commits = await BareCommits.CreateAsync(rig.Database.DataSource);
        await SendAsync(WarmUp, i => AppendAsync(ledger, events, -1 - i), _ => PublishAsync(broker, raw), i => commits.CommitAsync(-1 - i));
        await Task.WhenAll(events.AllAsync(WarmUp), raw.AllAsync(WarmUp)).WaitAsync(Limit);
        events.Clear();
        raw.Clear();
        commits.Times.Clear();

        await SendAsync(Messages, i => AppendAsync(ledger, events, i), _ => PublishAsync(broker, raw), commits.CommitAsync);
        await Task.WhenAll(events.AllAsync(Messages), raw.AllAsync(Messages)).WaitAsync(Limit);

        var (p50, p99) = (events.Percentile(0.5), events.Percentile(0.99));
        var (rawP50, rawP99) = (raw.Percentile(0.5), raw.Percentile(0.99));
        var commit = commits.Times.Percentile(0.5);
        var ratio = p50 / (rawP50 + (CommitsNeeded * commit));
        say(string.Create(
            CultureInfo.InvariantCulture,
            $"bench bus.latency p50={p50:F2} p99={p99:F2} raw_p50={rawP50:F2} raw_p99={rawP99:F2} commit_p50={commit:F2} ratio={ratio:F2} goal={Goal} {(ratio <= Goal ? "ok" : "short")}"));
        await host.StopAsync();
    }

    /// <summary>One of each in turn, at an even pace whether or not the last has arrived.</summary>
    private static async Task SendAsync(int count, params Func<int, Task>[] sides)
    {
        var sent = new List<Task>();
        using var timer = new PeriodicTimer(Pace);
        for (var i = 0; i < count; i++)
        {
            foreach (var side in sides)
            {
                await timer.WaitForNextTickAsync();
                sent.Add(side(i));
            }
        }

        await Task.WhenAll(sent);
    }

    private static Task<IReadOnlyList<StoredEvent>> AppendAsync(Ledger ledger, Stopwatches times, int number)
    {
        var id = number.ToString(CultureInfo.InvariantCulture);
        times.Start(id);
        return ledger.InTransactionAsync(t => t.AppendAsync($"bench-{number}", BusRig.Area, 0, [new TrainingRejected(id, "bench", nameof(RequestTraining), "BENCH", "measured", t.Now)], Metadata));
    }

    private static Task PublishAsync(RawBroker broker, Stopwatches times)
    {
        var id = Ids.New();
        times.Start(id.ToString("D"));
        return broker.SendAsync(RawQueue, id, Encoding.UTF8.GetBytes($$"""{"taskId":"{{id}}","name":"bench","command":"RequestTraining","code":"BENCH","message":"measured"}"""));
    }

    internal sealed class Receiver(Stopwatches times) : IEventHandler<TrainingRejected>
    {
        public Task HandleAsync(TrainingRejected @event, ObserverContext context, CancellationToken cancellationToken)
        {
            times.Stop(@event.TaskId!);
            return Task.CompletedTask;
        }
    }

    /// <summary>What the database itself costs: one row, one flush to disk.</summary>
    private sealed class BareCommits(NpgsqlDataSource dataSource)
    {
        public Stopwatches Times { get; } = new();

        public static async Task<BareCommits> CreateAsync(NpgsqlDataSource dataSource)
        {
            await using var create = dataSource.CreateCommand("create table public.bare_commit (number int primary key, body text not null)");
            await create.ExecuteNonQueryAsync();
            return new BareCommits(dataSource);
        }

        public async Task CommitAsync(int number)
        {
            var id = number.ToString(CultureInfo.InvariantCulture);
            Times.Start(id);
            await using var insert = dataSource.CreateCommand("insert into public.bare_commit values ($1, $2)");
            insert.Parameters.AddWithValue(number);
            insert.Parameters.AddWithValue(Metadata.Actor);
            await insert.ExecuteNonQueryAsync();
            Times.Stop(id);
        }
    }
}
