using System.Diagnostics;
using System.Globalization;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.Testing;
using Npgsql;

namespace EventMl.Foundation.Tests.Bus;

/// <summary>A broker of its own, because it gets killed.</summary>
public sealed class BrokerDownTests
{
    [Fact]
    public async Task Commits_go_on_and_messages_flow_when_the_broker_died_and_returns()
    {
        var name = $"bus-down-{Environment.ProcessId}";
        var file = await StartAsync(name);
        try
        {
            var settings = TestServers.ReadEnvFile(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
            var postgres = settings["EVENTML_POSTGRES"];
            var options = BusHost.Options("rabbitmq", new Uri(settings["EVENTML_RABBITMQ"]));
            await using (var dataSource = NpgsqlDataSource.Create(postgres))
            {
                await BusHost.DeclareAsync(dataSource);
            }

            await BusSetup.DeclareAsync(options, BusHost.Register, [typeof(Ids).Assembly], cancellationToken: TestContext.Current.CancellationToken);
            await using var host = await BusHost.StartAsync(postgres, options);
            await RequestAsync(host);
            await BusHost.UntilAsync(() => host.Seen.Of<RunTraining>().Length == 1, "the first command arrives");

            Kill(Path.Combine(settings["EVENTML_STATE_DIR"], "processes", "rabbitmq"));
            for (var i = 0; i < 5; i++)
            {
                await RequestAsync(host);
            }

            host.Seen.Of<RunTraining>().Length.ShouldBe(1);
            // Brings the whole instance up again, so PostgreSQL restarts under the running host as well.
            await StartAsync(name);
            await BusHost.UntilAsync(() => Task.FromResult(host.Seen.Of<RunTraining>().Length >= 6), "all commands arrive", TimeSpan.FromMinutes(3));

            host.Seen.Of<RunTraining>().Select(r => r.TaskId).Distinct().Count().ShouldBe(6);
            await using var database = NpgsqlDataSource.Create(postgres);
            await using var lost = database.CreateCommand("select count(*) from bus.queue where restoring or lost_at is not null");
            (await lost.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(0L, "a broker that comes back with its queues is no new one");
        }
        finally
        {
            await TestServers.RunServersAsync(["down", name, "--wipe"]);
        }
    }

    private static Task RequestAsync(BusHost host) => host.Door.ExecuteAsync(
        new RequestTraining { TaskId = Ids.New("train"), Input = "digits", Output = "1000" }, new DoorCall { Actor = "ada", Grant = Grant.Platform, Door = Doors.Rest }, TestContext.Current.CancellationToken);

    // Never the servers that the run was given: others work on those.
    private static async Task<string> StartAsync(string name)
    {
        var own = new Dictionary<string, string?>(StringComparer.Ordinal) { ["EVENTML_POSTGRES"] = null, ["EVENTML_RABBITMQ"] = null, ["EVENTML_RABBITMQ_MANAGEMENT"] = null };
        var (exitCode, output, error) = await TestServers.RunServersAsync(["up", name, "--owner-pid", $"{Environment.ProcessId}", "--temporary"], own);
        exitCode.ShouldBe(0, error);
        return output.Trim();
    }

    private static void Kill(string file)
    {
        using var broker = Process.GetProcessById(int.Parse(File.ReadAllText(file).Split(':')[0], CultureInfo.InvariantCulture));
        broker.Kill();
    }
}
