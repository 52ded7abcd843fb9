using System.Diagnostics;
using System.Globalization;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Testing;
using Npgsql;
using RabbitMQ.Client;

namespace EventMl.Foundation.Tests.Bus;

/// <summary>A database of its own, because it gets stopped.</summary>
public sealed class DatabaseDownTests
{
    private const string Exchange = "eventml.training.request-training";

    [Fact]
    public Task No_message_dies_when_the_database_is_away_and_a_worker_ends_meanwhile() => RunAsync(TimeSpan.FromSeconds(5), restartHost: true);

    [Fact]
    [Trait("Category", "Deep")]
    public Task No_message_dies_when_the_database_is_away_for_more_than_a_minute_under_load() => RunAsync(TimeSpan.FromSeconds(70), restartHost: false);

    private static async Task RunAsync(TimeSpan outage, bool restartHost)
    {
        var name = $"db-down-{Environment.ProcessId}-{(restartHost ? "s" : "l")}";
        var own = new Dictionary<string, string?>(StringComparer.Ordinal) { ["EVENTML_POSTGRES"] = null, ["EVENTML_RABBITMQ"] = TestServersAddress(), ["EVENTML_RABBITMQ_MANAGEMENT"] = null };
        var (exitCode, output, error) = await TestServers.RunServersAsync(["up", name, "--owner-pid", $"{Environment.ProcessId}", "--temporary"], own);
        exitCode.ShouldBe(0, error);
        try
        {
            var settings = TestServers.ReadEnvFile(await File.ReadAllTextAsync(output.Trim(), TestContext.Current.CancellationToken));
            var postgres = settings["EVENTML_POSTGRES"];
            await using (var dataSource = NpgsqlDataSource.Create(postgres))
            {
                await BusHost.DeclareAsync(dataSource);
            }

            await using var broker = await TestBroker.CreateAsync(TestContext.Current.CancellationToken);
            // So few tries that only waiting for the database can save a message.
            var options = BusHost.Options("rabbitmq", broker.Address) with { RetryLimit = 3 };
            await BusSetup.DeclareAsync(options, BusHost.Register, [typeof(Ids).Assembly], cancellationToken: TestContext.Current.CancellationToken);
            var host = await BusHost.StartAsync(postgres, options);
            await using var client = await AmqpClient.ConnectAsync(broker.Address);
            var sent = await LoadAsync(client, 0, TimeSpan.FromSeconds(1));
            var server = StoppedServer.Stop(Path.Combine(settings["EVENTML_STATE_DIR"], "processes", "postgres"));
            sent = await LoadAsync(client, sent, outage / 2);
            if (restartHost)
            {
                await host.DisposeAsync();
            }

            sent = await LoadAsync(client, sent, outage / 2);
            await server.StartAsync(postgres);
            host = restartHost ? await BusHost.StartAsync(postgres, options) : host;
            await using (host)
            {
                await using var database = NpgsqlDataSource.Create(postgres);
                var count = 0L;
                await BusHost.UntilAsync(
                    async () =>
                    {
                        await NoDeadLettersAsync(broker);
                        count = await CountAsync(database, "training.inbox where consumer = 'training-run-training'");
                        return count == sent;
                    },
                    $"all {sent} are handled", TimeSpan.FromSeconds(120));

                (await CountAsync(database, "ledger.mt_events where type = 'training_requested'")).ShouldBe(sent);
                (await CountAsync(database, "training.inbox where consumer = 'training-request-training'")).ShouldBe(sent);
                (await CountAsync(database, "ledger.mt_events")).ShouldBe(sent, "one event each and no refusal");
            }

            await NoDeadLettersAsync(broker);
        }
        finally
        {
            await TestServers.RunServersAsync(["down", name, "--wipe"], own);
        }
    }

    // Such queues are made for their first message.
    private static async Task NoDeadLettersAsync(TestBroker broker)
    {
        foreach (var queue in (await broker.QueuesAsync(TestContext.Current.CancellationToken)).Where(q => q.Name.EndsWith("_error", StringComparison.Ordinal)))
        {
            await using var client = await AmqpClient.ConnectAsync(broker.Address);
            var headers = (await client.GetAsync(queue.Name)).BasicProperties.Headers!;
            Assert.Fail($"{queue.Name}: {Text("MT-Fault-ExceptionType")} {Text("MT-Fault-Message")}\n{Text("MT-Fault-StackTrace")}");
            string Text(string name) => System.Text.Encoding.UTF8.GetString((byte[])headers[name]!);
        }
    }

    private static string? TestServersAddress() => Environment.GetEnvironmentVariable("EVENTML_RABBITMQ");

    private static async Task<int> LoadAsync(AmqpClient client, int sent, TimeSpan time)
    {
        var start = TimeProvider.System.GetTimestamp();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        do
        {
            await client.PublishAsync(
                Exchange, $$"""{"taskId":"train-{{sent++}}","input":"digits","output":"1000"}""", new BasicProperties { ContentType = "application/json", MessageId = Ids.New().ToString("D"), Persistent = true });
        }
        while (await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken) && TimeProvider.System.GetElapsedTime(start) < time);
        return sent;
    }

    private static async Task<long> CountAsync(NpgsqlDataSource database, string from)
    {
        await using var count = database.CreateCommand($"select count(*) from {from}");
        return (long)(await count.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    /// <summary>A PostgreSQL that was shut down in the middle of its work and can be started again just as it was.</summary>
    private sealed record StoppedServer(string[] Command, string User, string File)
    {
        public static StoppedServer Stop(string file)
        {
            using var server = Process.GetProcessById(int.Parse(System.IO.File.ReadAllText(file).Split(':')[0], CultureInfo.InvariantCulture));
            var command = System.IO.File.ReadAllText($"/proc/{server.Id}/cmdline").TrimEnd('\0').Split('\0');
            var uid = System.IO.File.ReadLines($"/proc/{server.Id}/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1];
            using var stop = Process.Start("kill", ["-INT", $"{server.Id}"]);
            SpinWait.SpinUntil(() => IsGone(server.Id), TimeSpan.FromSeconds(30)).ShouldBeTrue("PostgreSQL did not stop");
            return new StoppedServer(command, uid, file);
        }

        // Where no init collects it, it stays as a zombie.
        private static bool IsGone(int id)
        {
            try
            {
                return System.IO.File.ReadAllText($"/proc/{id}/stat").Split(") ")[^1].StartsWith('Z');
            }
            catch (IOException)
            {
                return true;
            }
        }

        public async Task StartAsync(string connectionString)
        {
            var asUser = Environment.UserName == "root" ? new[] { "setpriv", $"--reuid={User}", $"--regid={User}", "--clear-groups", "--" } : [];
            // The mark by which the instance's end finds it.
            var folder = Path.GetDirectoryName(Command[Array.IndexOf(Command, "-D") + 1])!;
            string[] all = [.. asUser, "env", $"EVENTML_SERVER_OF={folder}", .. Command];
            var start = new ProcessStartInfo(all[0], all[1..]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
            using var server = Process.Start(start)!;
            server.ErrorDataReceived += (_, _) => { };
            server.BeginErrorReadLine();
            await using var database = NpgsqlDataSource.Create(connectionString);
            await BusHost.UntilAsync(
                async () =>
                {
                    try
                    {
                        return await CountAsync(database, "pg_database") > 0;
                    }
                    catch (NpgsqlException)
                    {
                        return false;
                    }
                },
                "PostgreSQL answers again", TimeSpan.FromSeconds(60));
        }
    }
}
