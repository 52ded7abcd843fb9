using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EventMl.Contracts;

namespace EventMl.Testing;

/// <summary>A PostgreSQL and a RabbitMQ (or a cluster of it) of one scenario, which may kill, stop and wipe them; gone with all data on dispose.</summary>
public sealed class OwnServers : IAsyncDisposable
{
    private readonly string _name;
    private readonly IReadOnlyDictionary<string, string?> _environment;
    private readonly IReadOnlyDictionary<string, string> _settings;

    private OwnServers(string name, IReadOnlyDictionary<string, string?> environment, IReadOnlyDictionary<string, string> settings) =>
        (_name, _environment, _settings) = (name, environment, settings);

    /// <summary>Npgsql connection string of the owner of the database <c>eventml</c>, a superuser.</summary>
    public string Postgres => _settings["EVENTML_POSTGRES"];

    /// <summary>AMQP address with all nodes, <c>amqp://user:password@host:port,host:port/</c>; that of the only node is an AMQP URI.</summary>
    public string RabbitMq => _settings["EVENTML_RABBITMQ"];

    /// <summary>Folder of the instance.</summary>
    public string Folder => _settings["EVENTML_STATE_DIR"];

    /// <summary>Starts one server of each kind.</summary>
    /// <param name="settings">Settings of the servers; one that gives a server's address keeps that server from being started.</param>
    public static Task<OwnServers> StartAsync(params (string Name, string? Value)[] settings) => StartAsync(rabbitMqNodes: 1, settings);

    /// <summary>Starts the servers.</summary>
    /// <param name="rabbitMqNodes">1, or 3 to 5 for a cluster; the servers are then <c>rabbitmq</c>, <c>rabbitmq-2</c>, …</param>
    /// <param name="settings">Settings of the servers.</param>
    public static async Task<OwnServers> StartAsync(int rabbitMqNodes, params (string Name, string? Value)[] settings)
    {
        var name = $"own-{Ids.New():n}";
        // Never the servers that the run was given, unless they are meant: others work on those.
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["EVENTML_POSTGRES"] = null, ["EVENTML_RABBITMQ"] = null, ["EVENTML_RABBITMQ_MANAGEMENT"] = null };
        foreach (var (key, value) in settings)
            environment[key] = value;
        try
        {
            var file = await RunAsync(environment, "up", name, "--owner-pid", $"{Environment.ProcessId}", "--temporary", "--rabbitmq-nodes", $"{rabbitMqNodes}");
            return new OwnServers(name, environment, TestServers.ReadEnvFile(await File.ReadAllTextAsync(file.Trim())));
        }
        catch
        {
            await TestServers.RunServersAsync(["down", name, "--wipe"], environment);
            throw;
        }
    }

    /// <summary>Ends one server as a power cut would.</summary>
    public void Kill(string server)
    {
        var id = int.Parse(File.ReadAllText(Path.Combine(Folder, "processes", server)).Split(':')[0], CultureInfo.InvariantCulture);
        // Backends that outlive their postmaster would hold its memory; all nodes of a broker carry the same mark.
        var mark = server == "postgres" ? $"EVENTML_SERVER_OF={Path.Combine(Folder, server)}" : null;
        var family = Process.GetProcesses().Where(p => p.Id == id || (mark is not null && Read(p.Id, "environ").Split('\0').Contains(mark))).ToArray();
        foreach (var process in family)
            process.Kill();
        // One that is not gone yet would still hold its locks.
        if (!SpinWait.SpinUntil(() => family.All(p => IsGone(p.Id)), TimeSpan.FromSeconds(30)))
            throw new TimeoutException($"{server} did not die within 30 s.");
    }

    /// <summary>Stops one server in order; with <paramref name="wipe"/>, everything a RabbitMQ node has kept is deleted.</summary>
    public Task StopAsync(string server, bool wipe = false) => RunAsync(_environment, wipe ? ["stop", _name, server, "--wipe"] : ["stop", _name, server]);

    /// <summary>Starts one server again where it was and waits until it answers.</summary>
    public Task StartAsync(string server) => RunAsync(_environment, "start", _name, server);

    /// <summary>Runs <c>rabbitmqctl</c> and returns what it said.</summary>
    public Task<string> RabbitMqCtlAsync(params string[] arguments) => RunAsync(_environment, ["rabbitmqctl", _name, .. arguments]);

    /// <summary>One column of each queue, as <c>rabbitmqctl list_queues</c> tells it now, by the queue's name.</summary>
    public async Task<IReadOnlyDictionary<string, JsonElement>> QueuesAsync(string column)
    {
        var rows = JsonSerializer.Deserialize<JsonElement>(await RabbitMqCtlAsync("list_queues", "name", column, "--quiet", "--formatter", "json"));
        return rows.EnumerateArray().ToDictionary(q => q.GetProperty("name").GetString()!, q => q.GetProperty(column), StringComparer.Ordinal);
    }

    /// <summary>Stops the servers and deletes what they have kept.</summary>
    public async ValueTask DisposeAsync() => await TestServers.RunServersAsync(["down", _name, "--wipe"], _environment);

    // Where no init collects it, an ended process stays as a zombie.
    private static bool IsGone(int process) => Read(process, "stat") is var stat && (stat.Length == 0 || stat.Split(") ")[^1].StartsWith('Z'));

    private static string Read(int process, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static async Task<string> RunAsync(IReadOnlyDictionary<string, string?> environment, params string[] arguments)
    {
        var (exitCode, output, error) = await TestServers.RunServersAsync(arguments, environment);
        return exitCode == 0 ? output : throw new InvalidOperationException($"infra/local/servers {string.Join(' ', arguments)} failed:\n{error}{output}");
    }
}
