using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using EventMl.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace EventMl.Bench;

/// <summary>
/// Appends per second beside pgbench calling the set-based function that a Marten calls (and, for information, our own writers' leaner one) on the same tables
/// without our triggers, sequencer running on our side only;
/// the rebuild of a view over many events; the look at a long stream as it was.
/// </summary>
internal static class LedgerBench
{
    private const string Headers = """{"actor":"bench","source":"bench"}""";
    private const double AppendGoal = 0.7;
    private const double SharedGoal = 3;
    private const double RebuildGoal = 50_000;
    private const double PastGoal = 50;
    private const int Rounds = 3;
    private const int RebuiltEvents = 1_000_000;
    private const int LongStream = 10_000;
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(4);
    private static readonly TrainingRejected Event = new("train-1", "bench", nameof(RequestTraining), "BENCH", "measured", TimeProvider.System.GetUtcNow());
    private static readonly string Body = JsonSerializer.Serialize(Event, LedgerJson.Options);
    private static readonly EventMetadata Metadata = new("bench", "bench", "bench", "bench", null);

    /// <summary>Appends beside pgbench.</summary>
    public static async Task AppendAsync(Action<string> say)
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var bare = await TestDatabase.CreateAsync();
        var options = new LedgerOptions { ConnectionString = database.ConnectionString };
        await LedgerSchema.DeclareAsync(database.DataSource, options, [], []);
        await LedgerSchema.DeclareAsync(bare.DataSource, options, [], []);
        await bare.ExecuteAsync("drop trigger eml_queue on ledger.mt_events; drop trigger eml_guard on ledger.mt_events; drop trigger eml_guard on ledger.mt_streams");
        using var host = await StartAsync(options);
        var ledger = host.Services.GetRequiredService<Ledger>();
        foreach (var (connections, events) in new[] { (1, 1), (8, 1), (1, 100), (8, 100) })
        {
            await AppendAsync(ledger, bare.ConnectionString, connections, events, say);
        }

        await host.StopAsync();
    }

    /// <summary>A rebuild, and a look at the past.</summary>
    public static async Task ViewsAsync(Action<string> say)
    {
        await using var database = await TestDatabase.CreateAsync();
        var options = new LedgerOptions { ConnectionString = database.ConnectionString };
        await LedgerSchema.DeclareAsync(database.DataSource, options, [new BenchView(database.DataSource)], []);
        using var host = await StartAsync(options);
        var ledger = host.Services.GetRequiredService<Ledger>();
        await host.StopAsync();
        await RebuildAsync(ledger, database, say);
        await PastAsync(ledger, database, say);
    }

    private static async Task AppendAsync(Ledger ledger, string bare, int connections, int events, Action<string> say)
    {
        var (ours, theirs, lean) = (new List<double>(), new List<double>(), new List<double>());
        await AppendForAsync(ledger, connections, events, TimeSpan.FromSeconds(1));
        for (var round = 0; round < Rounds; round++)
        {
            ours.Add(await AppendForAsync(ledger, connections, events, Slice));
            theirs.Add(await PgBenchAsync(bare, connections, MartensAppend(events)));
            lean.Add(await PgBenchAsync(bare, connections, OurAppend(events)));
        }

        var (own, peer, same) = (Numbers.Median(ours), Numbers.Median(theirs), Numbers.Median(lean));
        Say(say, $"ledger.append.{connections}x{events}", own / peer, AppendGoal, own >= peer * AppendGoal, $"per_second={own:F0} pgbench={peer:F0} pgbench_lean={same:F0} to_lean={own / same:F2}");
    }

    private static async Task<double> AppendForAsync(Ledger ledger, int connections, int events, TimeSpan time)
    {
        var batch = Enumerable.Repeat<object>(Event, events).ToArray();
        var began = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            var count = 0;
            for (; Stopwatch.GetElapsedTime(began) < time; count++)
            {
                await ledger.AppendAsync($"append-{Contracts.Ids.New()}", "append", 0, batch, Metadata);
            }

            return count;
        })));
        return counts.Sum() / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    // Each event's JSON is parsed, as it is when it comes from a client; a constant would be parsed once.
    private static string MartensAppend(int events) => $"""
        select ledger.mt_quick_append_events('append-' || :s, 'append', '*DEFAULT*', (select array_agg(gen_random_uuid()) from generate_series(1, {events})),
          array_fill('training_rejected'::varchar, array[{events}]), array_fill('X, Y'::varchar, array[{events}]), (select array_agg((case g when 0 then '' else '{Body}' end)::jsonb) from generate_series(1, {events}) g),
          array_fill(null::bytea, array[{events}]), array_fill('c'::varchar, array[{events}]), array_fill('c'::varchar, array[{events}]),
          (select array_agg((case g when 0 then '' else '{Headers}' end)::jsonb) from generate_series(1, {events}) g), array_fill('bench'::varchar, array[{events}]), array_fill(now(), array[{events}]), 0);
        """;

    private static string OurAppend(int events) => $"""
        select ledger.eml_append('append-' || :s, 'append', 0, (select array_agg(gen_random_uuid()) from generate_series(1, {events})),
          array_fill('training_rejected'::varchar, array[{events}]), array_fill('X, Y'::varchar, array[{events}]), (select array_agg((case g when 0 then '' else '{Body}' end)::jsonb) from generate_series(1, {events}) g),
          'c', 'c', (select (case g when 0 then '' else '{Headers}' end)::jsonb from generate_series(1, 1) g), 'bench', now());
        """;

    private static async Task<double> PgBenchAsync(string connectionString, int connections, string sql)
    {
        var to = new NpgsqlConnectionStringBuilder(connectionString);
        var script = Path.GetTempFileName();
        await File.WriteAllTextAsync(script, "\\set s random(1, 1000000000000)\n" + sql.ReplaceLineEndings(" ") + "\n");
        try
        {
            var start = new ProcessStartInfo(
                Path.Combine(Environment.GetEnvironmentVariable("EVENTML_POSTGRES_BIN") ?? "/usr/lib/postgresql/15/bin", "pgbench"),
                ["-n", "-M", "prepared", "-f", script, "-c", $"{connections}", "-j", "1", "-T", $"{Slice.TotalSeconds:F0}", to.Database!])
            { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
            (start.Environment["PGHOST"], start.Environment["PGPORT"]) = (to.Host, $"{to.Port}");
            (start.Environment["PGUSER"], start.Environment["PGPASSWORD"]) = (to.Username, to.Password);
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            var line = output.Split('\n').FirstOrDefault(l => l.StartsWith("tps = ", StringComparison.Ordinal)) ?? throw new InvalidOperationException($"pgbench failed: {await error}");
            return double.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture);
        }
        finally
        {
            File.Delete(script);
        }
    }

    /// <summary>Writers that commit at the same time must share a flush, whatever else they wait for.</summary>
    public static async Task ShareFlushesAsync(Action<string> say)
    {
        await using var servers = await SlowDisk.StartAsync();
        await using var database = await TestDatabase.CreateAsync(servers);
        var options = new LedgerOptions { ConnectionString = database.ConnectionString };
        await LedgerSchema.DeclareAsync(database.DataSource, options, [], []);
        using var host = await StartAsync(options);
        var ledger = host.Services.GetRequiredService<Ledger>();
        var (one, eight) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            one.Add(await AppendForAsync(ledger, 1, 1, Slice));
            eight.Add(await AppendForAsync(ledger, 8, 1, Slice));
        }

        await host.StopAsync();
        var (single, many) = (Numbers.Median(one), Numbers.Median(eight));
        Say(say, "ledger.append.shared", many / single, SharedGoal, many >= single * SharedGoal, $"one={single:F0} eight={many:F0}");
    }

    private static async Task<IHost> StartAsync(LedgerOptions options)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLedger(options).AddLedgerSequencer();
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private static async Task RebuildAsync(Ledger ledger, TestDatabase database, Action<string> say)
    {
        var view = new BenchView(database.DataSource);
        // Ten events a stream, as a task has them.
        await database.ExecuteAsync($"""
            set statement_timeout = 0;
            set session_replication_role = replica;
            insert into ledger.mt_streams(id, type, version) select '{BenchView.Of}-' || s, '{BenchView.Of}', 10 from generate_series(1, {RebuiltEvents / 10}) s;
            insert into ledger.mt_events(seq_id, id, stream_id, version, data, type, timestamp, headers)
            select nextval('ledger.mt_events_sequence'), gen_random_uuid(), '{BenchView.Of}-' || s, v,
              '{Body}', 'training_rejected', now(), '{Headers}'
            from generate_series(1, 10) v, generate_series(1, {RebuiltEvents / 10}) s;
            set session_replication_role = origin;
            analyze ledger.mt_events;
            """);
        var report = await new ViewRebuild(ledger).RunAsync(view);
        var rate = report.Events / report.Elapsed.TotalSeconds;
        Say(say, "ledger.rebuild", rate, RebuildGoal, rate >= RebuildGoal, $"events={report.Events} seconds={report.Elapsed.TotalSeconds:F1}");
    }

    private static async Task PastAsync(Ledger ledger, TestDatabase database, Action<string> say)
    {
        await database.ExecuteAsync($"""
            insert into ledger.mt_streams(id, type, version) values ('{BenchView.Of}-long', '{BenchView.Of}', {LongStream});
            with stored as (
              insert into ledger.mt_events(seq_id, id, stream_id, version, data, type, timestamp, headers)
              select nextval('ledger.mt_events_sequence'), gen_random_uuid(), '{BenchView.Of}-long', v, '{Body}', 'training_rejected', now(), '{Headers}'
              from generate_series(1, {LongStream}) v returning seq_id)
            insert into ledger.eml_position select (select position from ledger.eml_head) + row_number() over (order by seq_id), seq_id, now() from stored;
            update ledger.eml_head set position = position + {LongStream};
            """);
        var past = new PastView<BenchRow>(ledger, new BenchView(database.DataSource), await ledger.HeadAsync() - 10);
        var times = new List<double>();
        for (var i = 0; i < 20; i++)
        {
            var began = Stopwatch.GetTimestamp();
            var row = await past.GetAsync("long") ?? throw new InvalidOperationException("the stream is gone");
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            if (row.Row.Count != LongStream - 10)
            {
                throw new InvalidOperationException($"{row.Row.Count} events were folded");
            }
        }

        var median = Numbers.Median(times);
        Say(say, "ledger.as_of", median, PastGoal, median <= PastGoal, $"events={LongStream} worst={times.Max():F1}");
    }

    private static void Say(Action<string> say, string name, double ratio, double goal, bool reached, string more) =>
        say(string.Create(CultureInfo.InvariantCulture, $"bench {name} ratio={ratio:F2} {more} goal={goal} {(reached ? "ok" : "short")}"));

    internal sealed record BenchRow(int Count, string? Last);

    private sealed class BenchView(NpgsqlDataSource dataSource) : View<BenchRow>(dataSource, "bench", "bench_view", Of)
    {
        public const string Of = "rebuilt";

        public override BenchRow? Apply(BenchRow? row, StoredEvent @event) => new((row?.Count ?? 0) + 1, (@event.Data as TrainingRejected)?.Code);
    }
}
