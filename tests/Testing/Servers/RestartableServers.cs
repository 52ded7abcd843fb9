using System.Diagnostics;
using System.Globalization;
using EventMl.Contracts;

namespace EventMl.Testing;

/// <summary>Like <see cref="OwnServers"/>, with as many RabbitMQ nodes as a scenario wants, each stopped, wiped and started by the launcher itself.</summary>
public sealed class RestartableServers : IAsyncDisposable
{
    // Never the servers that the run was given: others work on those.
    private static readonly Dictionary<string, string?> s_own = new() { ["EVENTML_POSTGRES"] = null, ["EVENTML_RABBITMQ"] = null, ["EVENTML_RABBITMQ_MANAGEMENT"] = null };
    private readonly string _name;
    private readonly IReadOnlyDictionary<string, string> _settings;

    private RestartableServers(string name, IReadOnlyDictionary<string, string> settings) => (_name, _settings) = (name, settings);

    /// <summary>Npgsql connection string of the owner of the database <c>eventml</c>, a superuser.</summary>
    public string Postgres => _settings["EVENTML_POSTGRES"];

    /// <summary>AMQP address with all nodes, <c>amqp://user:password@host:port,host:port/</c>; that of the only node is an AMQP URI.</summary>
    public string RabbitMq => _settings["EVENTML_RABBITMQ"];

    /// <summary>Folder of the instance.</summary>
    public string Folder => _settings["EVENTML_STATE_DIR"];

    /// <summary>Starts the servers.</summary>
    /// <param name="rabbitMqNodes">1, or 3 to 5 for a cluster; the servers are then <c>rabbitmq</c>, <c>rabbitmq-2</c>, …</param>
    public static async Task<RestartableServers> StartAsync(int rabbitMqNodes = 1)
    {
        var name = $"own-{Ids.New():n}";
        try
        {
            var file = await RunAsync("up", name, "--owner-pid", $"{Environment.ProcessId}", "--temporary", "--rabbitmq-nodes", $"{rabbitMqNodes}");
            return new RestartableServers(name, TestServers.ReadEnvFile(await File.ReadAllTextAsync(file.Trim())));
        }
        catch
        {
            await TestServers.RunServersAsync(["down", name, "--wipe"], s_own);
            throw;
        }
    }

    /// <summary>Ends one server as a power cut would.</summary>
    public void Kill(string server)
    {
        var pid = int.Parse(File.ReadAllText(Path.Combine(Folder, "processes", server)).Split(':')[0], CultureInfo.InvariantCulture);
        using var process = Process.GetProcessById(pid);
        process.Kill();
    }

    /// <summary>Stops one server in order; with <paramref name="wipe"/>, everything a RabbitMQ node has kept is deleted.</summary>
    public Task StopAsync(string server, bool wipe = false) => RunAsync(wipe ? ["stop", _name, server, "--wipe"] : ["stop", _name, server]);

    /// <summary>Starts one server again where it was and waits until it answers.</summary>
    public Task StartAsync(string server) => RunAsync("start", _name, server);

    /// <summary>Runs <c>rabbitmqctl</c> and returns what it said.</summary>
    public Task<string> RabbitMqCtlAsync(params string[] arguments) => RunAsync(["rabbitmqctl", _name, .. arguments]);

    /// <summary>Stops the servers and deletes what they have kept.</summary>
    public async ValueTask DisposeAsync() => await TestServers.RunServersAsync(["down", _name, "--wipe"], s_own);

    private static async Task<string> RunAsync(params string[] arguments)
    {
        var (exitCode, output, error) = await TestServers.RunServersAsync(arguments, s_own);
        return exitCode == 0 ? output : throw new InvalidOperationException($"infra/local/servers {string.Join(' ', arguments)} failed:\n{error}{output}");
    }
}
