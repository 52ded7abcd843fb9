namespace EventMl.Testing;

/// <summary>Servers for one scenario alone, because it stops, kills or misconfigures them; gone with all data on dispose.</summary>
public sealed class OwnServers : IAsyncDisposable
{
    private static readonly Dictionary<string, string?> s_none =
        new(StringComparer.Ordinal) { ["EVENTML_POSTGRES"] = null, ["EVENTML_RABBITMQ"] = null, ["EVENTML_RABBITMQ_MANAGEMENT"] = null };

    private readonly string _name;

    private readonly IReadOnlyDictionary<string, string?> _environment;

    private OwnServers(string name, IReadOnlyDictionary<string, string?> environment, IReadOnlyDictionary<string, string> settings)
    {
        (_name, _environment) = (name, environment);
        StateDirectory = settings["EVENTML_STATE_DIR"];
        Addresses = new ServerAddresses(
            settings["EVENTML_POSTGRES"], new Uri(settings["EVENTML_RABBITMQ"]), new Uri(settings.GetValueOrDefault("EVENTML_RABBITMQ_MANAGEMENT", "http://localhost")), StateDirectory);
    }

    /// <summary>Where they listen.</summary>
    public ServerAddresses Addresses { get; }

    /// <summary>Folder of the instance.</summary>
    public string StateDirectory { get; }

    /// <summary>The broker's process.</summary>
    public ServerProcess RabbitMq => field ??= ServerProcess.Find(StateDirectory, "rabbitmq");

    /// <summary>The database server's process.</summary>
    public ServerProcess Postgres => field ??= ServerProcess.Find(StateDirectory, "postgres");

    /// <summary>Starts both servers.</summary>
    /// <param name="name">What the instance is called, unique in this test process.</param>
    /// <param name="settings">Settings of the servers; one that names a server's address keeps that server from being started.</param>
    public static async Task<OwnServers> StartAsync(string name, params (string Name, string? Value)[] settings)
    {
        var instance = $"{name}-{Environment.ProcessId}";
        var environment = new Dictionary<string, string?>(s_none, StringComparer.Ordinal);
        foreach (var (key, value) in settings)
        {
            environment[key] = value;
        }

        var (exitCode, output, error) = await TestServers.RunServersAsync(["up", instance, "--owner-pid", $"{Environment.ProcessId}", "--temporary"], environment);
        return exitCode == 0
            ? new OwnServers(instance, environment, TestServers.ReadEnvFile(await File.ReadAllTextAsync(output.Trim())))
            : throw new InvalidOperationException($"The scenario's servers did not start:\n{error}");
    }

    /// <summary>Ends the servers, however often they were started again, and deletes their data.</summary>
    public async ValueTask DisposeAsync() => await TestServers.RunServersAsync(["down", _name, "--wipe"], _environment);
}
