using System.Diagnostics;
using EventMl.EventStore;
using EventMl.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace EventMl.Foundation.Tests.EventStore;

/// <summary>Positions stay dense and streams in order, whoever disturbs.</summary>
public sealed class SequencerChaosTests
{
    private static readonly DateTimeOffset _at = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Does_not_wait_when_a_transaction_of_another_database_stays_open()
    {
        await using var db = await TestLedger.CreateAsync();
        await using var other = await TestDatabase.CreateAsync(Ct);
        await using var foreign = await other.DataSource.OpenConnectionAsync(Ct);
        await using var open = await foreign.BeginTransactionAsync(Ct);
        await using var write = new NpgsqlCommand("create table held (id int)", foreign);
        await write.ExecuteNonQueryAsync(Ct);

        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at));
        await db.SequenceAsync();

        (await db.Ledger.HeadAsync(Ct)).ShouldBe(1);
    }

    [Fact]
    public async Task Keeps_streams_in_order_when_writers_take_their_inbox_row_long_before_they_append()
    {
        await using var db = await TestLedger.CreateAsync(change: o => o with { BatchSize = 3 });
        await db.ExecuteAsync("create table inbox (id uuid primary key)");
        await using var sequencing = Sequencing.Start(db);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(w => Task.Run(async () =>
        {
            var random = new Random(w);
            for (var i = 0; i < 25; i++)
            {
                await db.Ledger.InTransactionAsync(async t =>
                {
                    // The transaction id is taken here, in another order than that of the commits.
                    await using var first = t.Command("insert into inbox values (gen_random_uuid())");
                    await first.ExecuteNonQueryAsync(Ct);
                    await using var think = t.Command($"select pg_sleep({random.Next(8)} / 1000.0)");
                    await think.ExecuteNonQueryAsync(Ct);
                    var hot = await t.LoadAsync<Counter>($"{random.Next(2)}", Ct);
                    return await t.AppendAsync(hot, [new CounterRaised(1, _at)], TestLedger.Metadata, Ct);
                }, Ct);
            }
        }, Ct)));

        await sequencing.EndAsync();
        await ShouldBeWholeAsync(db, 200);
    }

    [Fact]
    public async Task Loses_nothing_when_its_session_is_cut_at_any_statement()
    {
        await using var db = await TestLedger.CreateAsync(change: o => o with { BatchSize = 5 });
        await using var victim = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(db.Options.ConnectionString) { ApplicationName = "victim", MaxPoolSize = 2 });
        (await db.SequencerLease.AcquireAsync(Ct)).ShouldBeTrue();
        using var written = new CancellationTokenSource();
        var cuts = 0;
        var sequencing = Task.Run(async () =>
        {
            while (!written.IsCancellationRequested)
            {
                try
                {
                    await Sequencer.SequenceAsync(victim, db.Options, _at, db.SequencerLease.Epoch, Ct);
                }
                catch (NpgsqlException)
                {
                    cuts++;
                }
            }
        }, Ct);
        var cutting = Task.Run(async () =>
        {
            var random = new Random(5);
            while (!written.IsCancellationRequested)
            {
                await db.ExecuteAsync($"select pg_sleep({random.Next(20)} / 1000.0), (select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'victim' and datname = current_database())");
            }
        }, Ct);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(w => Task.Run(async () =>
        {
            for (var i = 0; i < 75; i++)
            {
                await db.AppendAsync($"counter-{w}", i, new CounterRaised(1, _at));
            }
        }, Ct)));
        await written.CancelAsync();
        await Task.WhenAll(sequencing, cutting);
        await db.SequenceAsync();

        cuts.ShouldBeGreaterThan(5);
        await ShouldBeWholeAsync(db, 300);
    }

    [Fact]
    public async Task Gives_clean_conflicts_when_a_real_Martens_function_takes_the_place_of_ours_under_racing_writers()
    {
        await using var db = await TestLedger.CreateAsync(change: o => o with { BatchSize = 4 });
        await using var sequencing = Sequencing.Start(db);
        var conflicts = 0;

        var racing = Enumerable.Range(0, 16).Select(w => Task.Run(async () =>
        {
            for (var done = 0; done < 12;)
            {
                var stream = $"counter-{w % 3}";
                try
                {
                    var version = (await db.Ledger.LoadAsync<Counter>(stream[^1..], Ct)).Version;
                    await db.AppendAsync(stream, version, new CounterRaised(1, _at));
                    done++;
                }
                catch (LedgerConflictException)
                {
                    Interlocked.Increment(ref conflicts);
                }
            }
        }, Ct)).ToArray();
        await db.ExecuteAsync(FunctionWithoutLock);
        await Task.WhenAll(racing);

        await sequencing.EndAsync();
        conflicts.ShouldBeGreaterThan(0);
        await ShouldBeWholeAsync(db, 16 * 12);
    }

    [Fact]
    public async Task Goes_on_where_it_was_when_a_dump_is_restored_into_a_fresh_cluster()
    {
        await using var db = await TestLedger.CreateAsync();
        for (var i = 0; i < 5; i++)
        {
            await db.AppendAsync("counter-1", i, new CounterRaised(1, _at));
        }

        await db.SequenceAsync();
        await db.AppendAsync("counter-2", 0, new CounterRaised(7, _at));
        var dump = Path.GetTempFileName();
        var name = $"restored-{Environment.ProcessId}";
        // Only a PostgreSQL is started: the broker's address is given.
        var servers = new Dictionary<string, string?>(StringComparer.Ordinal) { ["EVENTML_POSTGRES"] = null, ["EVENTML_RABBITMQ"] = "amqp://nobody:nothing@127.0.0.1:1/" };
        try
        {
            var (exitCode, file, error) = await TestServers.RunServersAsync(["up", name, "--owner-pid", $"{Environment.ProcessId}", "--temporary"], servers);
            exitCode.ShouldBe(0, error);
            var fresh = new LedgerOptions { ConnectionString = TestServers.ReadEnvFile(await File.ReadAllTextAsync(file.Trim(), Ct))["EVENTML_POSTGRES"] };
            await RunAsync("pg_dump", db.Options.ConnectionString, "--no-owner", "--file", dump);
            await RunAsync("psql", fresh.ConnectionString, "--quiet", "--set", "ON_ERROR_STOP=1", "--file", dump);
            await using var source = LedgerServices.CreateDataSource(fresh);
            var restored = db.Open(source);
            var lease = new LeaderLease(source, fresh, Sequencer.LeaseName);
            // The lease of the dumped leader runs out first.
            await Wait.UntilAsync(() => lease.AcquireAsync(Ct), "the sequencer's lease");

            (await restored.LoadAsync<Counter>("1", Ct)).State.Total.ShouldBe(5);
            await restored.InTransactionAsync(t => t.AppendAsync("counter-1", "counter", 5, [new CounterRaised(10, _at)], TestLedger.Metadata, Ct), Ct);
            while (await Sequencer.SequenceAsync(source, fresh, _at, lease.Epoch, Ct) > 0)
            {
            }

            var events = await restored.ReadForwardAsync(0, 100, Ct);
            events.Select(e => e.Position!.Value).ShouldBe([1, 2, 3, 4, 5, 6, 7]);
            events.Skip(5).Select(e => e.StreamId).ShouldBe(["counter-2", "counter-1"]);
            events[6].SeqId.ShouldBeGreaterThan(events[5].SeqId);
        }
        finally
        {
            File.Delete(dump);
            await TestServers.RunServersAsync(["down", name, "--wipe"], servers);
        }
    }

    [Fact]
    public async Task Refuses_an_append_in_plain_words_when_the_stream_is_archived()
    {
        await using var db = await TestLedger.CreateAsync();
        await db.AppendAsync("counter-1", 0, new CounterRaised(1, _at));
        await db.ExecuteAsync("select ledger.mt_archive_stream('counter-1')");

        (await Should.ThrowAsync<LedgerArchivedException>(() => db.AppendAsync("counter-1", 1, new CounterRaised(1, _at)))).Message.ShouldContain("counter-1");

        await db.SequenceAsync();
        (await db.Ledger.LoadAsync<Counter>("1", Ct)).State.Total.ShouldBe(1, "what is archived can still be read");
        (await db.Ledger.HeadAsync(Ct)).ShouldBe(1);
    }

    private static async Task ShouldBeWholeAsync(TestLedger db, int count)
    {
        await db.SequenceAsync();
        var events = await db.Ledger.ReadForwardAsync(0, 10_000, Ct);
        events.Select(e => e.Position!.Value).ShouldBe(Enumerable.Range(1, count).Select(i => (long)i));
        foreach (var stream in events.GroupBy(e => e.StreamId, StringComparer.Ordinal))
        {
            stream.Select(e => e.Version).ShouldBe(Enumerable.Range(1, stream.Count()).Select(i => (long)i), stream.Key);
        }

        (await db.ScalarAsync<long>("select count(*) from ledger.eml_pending")).ShouldBe(0);
    }

    private static async Task RunAsync(string program, string connectionString, params string[] arguments)
    {
        var to = new NpgsqlConnectionStringBuilder(connectionString);
        var start = new ProcessStartInfo(Path.Combine(Environment.GetEnvironmentVariable("EVENTML_POSTGRES_BIN") ?? "/usr/lib/postgresql/15/bin", program), arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["PGHOST"] = to.Host;
        start.Environment["PGPORT"] = $"{to.Port}";
        start.Environment["PGUSER"] = to.Username;
        start.Environment["PGPASSWORD"] = to.Password;
        start.Environment["PGDATABASE"] = to.Database;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Ct);
        var error = await process.StandardError.ReadToEndAsync(Ct);
        await output;
        await process.WaitForExitAsync(Ct);
        process.ExitCode.ShouldBe(0, error);
    }

    // The same contract without our lock: a loser meets the unique index on (stream, version).
    private const string FunctionWithoutLock = """
        create or replace function ledger.mt_quick_append_events(
          stream varchar, stream_type varchar, tenantid varchar, event_ids uuid[], event_types varchar[], dotnet_types varchar[],
          bodies jsonb[], bdatas bytea[], causation_ids varchar[], correlation_ids varchar[], headers jsonb[], user_names varchar[],
          timestamps timestamptz[], expected_version bigint default null)
        returns bigint[] language plpgsql as $$
        declare
          at_version bigint;
          seq bigint;
          numbers bigint[] := array[]::bigint[];
        begin
          select version into at_version from ledger.mt_streams where id = stream;
          if expected_version is not null and coalesce(at_version, 0) <> expected_version then
            raise exception 'Stream version mismatch' using errcode = 'MT003';
          end if;
          if at_version is null then
            at_version := 0;
            insert into ledger.mt_streams(id, type, version, tenant_id) values (stream, stream_type, 0, tenantid);
          end if;
          for i in 1..array_length(event_ids, 1) loop
            seq := nextval('ledger.mt_events_sequence');
            numbers := numbers || seq;
            at_version := at_version + 1;
            insert into ledger.mt_events(seq_id, id, stream_id, version, data, bdata, type, tenant_id, timestamp, mt_dotnet_type, is_archived, causation_id, correlation_id, headers, user_name)
            values (seq, event_ids[i], stream, at_version, bodies[i], bdatas[i], event_types[i], tenantid, timestamps[i], dotnet_types[i], false, causation_ids[i], correlation_ids[i], headers[i], user_names[i]);
          end loop;
          update ledger.mt_streams set version = at_version, timestamp = now() where id = stream;
          return array[at_version] || numbers;
        end $$
        """;

    /// <summary>Sequences without a pause while others write.</summary>
    private sealed class Sequencing : IAsyncDisposable
    {
        private readonly CancellationTokenSource _ended = new();
        private readonly Task _work;

        private Sequencing(TestLedger db) => _work = Task.Run(async () =>
        {
            while (!_ended.IsCancellationRequested)
            {
                await db.SequenceAsync();
            }
        });

        public static Sequencing Start(TestLedger db) => new(db);

        public async Task EndAsync()
        {
            await _ended.CancelAsync();
            await _work;
        }

        public async ValueTask DisposeAsync()
        {
            await EndAsync();
            _ended.Dispose();
        }
    }
}
