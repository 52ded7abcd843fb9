using System.Diagnostics;

namespace EventMl.Testing;

/// <summary>Where the PostgreSQL and RabbitMQ of this test run listen.</summary>
/// <param name="Postgres">Npgsql connection string of a user that may create databases.</param>
/// <param name="RabbitMq">AMQP URI of the default virtual host.</param>
/// <param name="RabbitMqManagement">Base address of RabbitMQ's management API, with user and password.</param>
/// <param name="StateDirectory">Folder of the server instance, or null where both servers were given by address.</param>
public sealed record ServerAddresses(string Postgres, Uri RabbitMq, Uri RabbitMqManagement, string? StateDirectory);

/// <summary>The real servers of a test run: those the launcher exports, else an instance of the project's own named <c>dev</c>.</summary>
public static class TestServers
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromMinutes(5);
    private static readonly Lazy<Task<ServerAddresses>> s_addresses = new(FindOrStartAsync);

    /// <summary>The addresses, started on the first call; fails with the launcher's own message where a server cannot be had.</summary>
    public static Task<ServerAddresses> AddressesAsync() => s_addresses.Value;

    /// <summary>The root of the checkout that the running tests were built from.</summary>
    public static string RepositoryRoot { get; } = FindRepositoryRoot();

    private static async Task<ServerAddresses> FindOrStartAsync()
    {
        var given = FromSettings(Environment.GetEnvironmentVariable);
        if (given is not null)
            return given;
        var file = await StartAsync("dev", Environment.ProcessId);
        var settings = ReadEnvFile(await File.ReadAllTextAsync(file));
        return FromSettings(settings.GetValueOrDefault)
            ?? throw new InvalidOperationException($"{file} names no servers; delete it and run the tests again.");
    }

    private static ServerAddresses? FromSettings(Func<string, string?> setting)
    {
        var postgres = setting("EVENTML_POSTGRES");
        var rabbitMq = setting("EVENTML_RABBITMQ");
        if (postgres is null || rabbitMq is null)
            return null;
        var management = setting("EVENTML_RABBITMQ_MANAGEMENT")
            ?? throw new InvalidOperationException(
                "EVENTML_RABBITMQ is set but EVENTML_RABBITMQ_MANAGEMENT is not; tests need the address of the management plugin (http://user:password@host:port) to make virtual hosts.");
        return new ServerAddresses(postgres, new Uri(rabbitMq), new Uri(management), setting("EVENTML_STATE_DIR"));
    }

    /// <summary>Starts an instance that ends with the given process and returns the path of its env file.</summary>
    public static async Task<string> StartAsync(string name, int ownerPid, params string[] options)
    {
        var (exitCode, output, error) = await RunServersAsync(["up", name, "--owner-pid", $"{ownerPid}", .. options]);
        if (exitCode != 0)
            throw new InvalidOperationException($"The local servers did not start:\n{error}");
        return output.Trim();
    }

    /// <summary>Runs <c>infra/local/servers</c> and returns what it said.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunServersAsync(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(Path.Combine(RepositoryRoot, "infra", "local", "servers"), arguments)
        {
            WorkingDirectory = RepositoryRoot,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (key, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[key] = value;
        using var process = Process.Start(start) ?? throw new InvalidOperationException("infra/local/servers could not be started.");
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(s_startLimit);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Reads the lines <c>NAME='value'</c> that <c>infra/local/servers</c> writes.</summary>
    public static IReadOnlyDictionary<string, string> ReadEnvFile(string text)
    {
        var settings = new Dictionary<string, string>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
                throw new FormatException($"'{line}' is no setting; expected NAME='value'.");
            var value = line[(equals + 1)..];
            if (value.Length >= 2 && value[0] == '\'' && value[^1] == '\'')
                value = value[1..^1].Replace(@"'\''", "'");
            settings[line[..equals]] = value;
        }
        return settings;
    }

    private static string FindRepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "EventMl.sln")))
                return folder.FullName;
        throw new InvalidOperationException($"{AppContext.BaseDirectory} lies in no checkout of EventMl; run the tests from one.");
    }
}
