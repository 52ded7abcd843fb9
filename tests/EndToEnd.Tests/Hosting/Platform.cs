using System.Diagnostics;
using EventMl.Testing;

namespace EventMl.EndToEnd.Tests.Hosting;

/// <summary>A platform of a scenario's own: database, virtual host, state folder and the host processes on them.</summary>
internal sealed class Platform : IAsyncDisposable
{
    /// <summary>A gate that a model trained for seconds passes and an untrained one does not.</summary>
    private const string Policy = """
        policy: promotion/1
        rules:
          - metric: accuracy
            min: 0.4
        """;

    private static readonly Lazy<Task<string>> s_native = new(NativeAsync);
    private readonly TestBroker? _broker;
    private readonly List<HostProcess> _hosts = [];
    private readonly Dictionary<string, string> _environment;

    private Platform(TestDatabase database, TestBroker? broker, string folder, Dictionary<string, string> environment)
    {
        (Database, _broker, Folder, _environment) = (database, broker, folder, environment);
    }

    public TestDatabase Database { get; }

    /// <summary>The broker's address.</summary>
    public Uri Broker => new(_environment["EVENTML_RABBITMQ"]);

    /// <summary>Folder of the scenario: <c>data/</c> and <c>scripts/</c> are allowed roots.</summary>
    public string Folder { get; }

    public string Data => Path.Combine(Folder, "data");

    public string Scripts => Path.Combine(Folder, "scripts");

    public static string Samples { get; } = Path.Combine(TestServers.RepositoryRoot, "samples");

    /// <param name="train">Training images in <c>data/small</c>.</param>
    /// <param name="test">Test images there.</param>
    /// <param name="broker">A broker other than the test run's.</param>
    /// <param name="settings">Further environment of every host.</param>
    public static async Task<Platform> CreateAsync(int train = 600, int test = 200, Uri? broker = null, params (string Name, string Value)[] settings) =>
        await CreateAsync(await TestDatabase.CreateAsync(), train, test, broker, settings);

    /// <summary>The same on servers of the scenario's own.</summary>
    public static async Task<Platform> CreateAsync(OwnServers servers, int train, int test, params (string Name, string Value)[] settings) =>
        await CreateAsync(await TestDatabase.CreateAsync(servers), train, test, new Uri(servers.RabbitMq), settings);

    private static async Task<Platform> CreateAsync(TestDatabase database, int train, int test, Uri? broker, (string Name, string Value)[] settings)
    {
        var own = broker is null ? await TestBroker.CreateAsync() : null;
        var folder = Directory.CreateTempSubdirectory("eventml-e2e-").FullName;
        // The script user must be able to enter it.
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherExecute | UnixFileMode.OtherRead);
        }

        var state = Directory.CreateDirectory(Path.Combine(folder, "state")).FullName;
        Directory.CreateDirectory(Path.Combine(folder, "scripts"));
        await File.WriteAllTextAsync(Path.Combine(folder, "policy.yaml"), Policy);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["EVENTML_POSTGRES"] = database.ConnectionString,
            ["EVENTML_RABBITMQ"] = (broker ?? own!.Address).ToString(),
            ["EVENTML_STATE_DIR"] = state,
            ["EVENTML_LAKE"] = Path.Combine(folder, "lake"),
            ["EVENTML_INPUT_ROOTS"] = $"{Path.Combine(folder, "data")}:{SmallImages.Full}",
            ["EVENTML_SCRIPT_ROOTS"] = $"{Path.Combine(folder, "scripts")}:{Samples}",
            ["EVENTML_PROMOTION_POLICY"] = Path.Combine(folder, "policy.yaml"),
            ["EVENTML_TORCH_NATIVE"] = await s_native.Value,
        };
        foreach (var (name, value) in settings)
        {
            environment[name] = value;
        }

        var platform = new Platform(database, own, folder, environment);
        SmallImages.Write(Path.Combine(platform.Data, "small"), train, test);
        await HostProcess.RunAsync(environment, "--declare");
        return platform;
    }

    /// <summary>Runs a host command that ends by itself and returns what it printed.</summary>
    public Task<string> RunAsync(params string[] arguments) => HostProcess.RunAsync(_environment, arguments);

    /// <summary>Starts a host with the given areas (none: all of them) and waits until it is ready.</summary>
    public async Task<HostProcess> StartAsync(string areas = "", params string[] more)
    {
        var host = Begin(areas, more);
        await host.ReadyAsync();
        return host;
    }

    /// <summary>Starts a host without waiting for it.</summary>
    public HostProcess Begin(string areas = "", params string[] more)
    {
        var host = HostProcess.Start(areas.Length == 0 ? "all" : areas, _environment, areas.Length == 0 ? more : ["--areas", areas, .. more]);
        _hosts.Add(host);
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        var log = TestContext.Current.TestState?.Result == TestResult.Failed ? string.Join("\n\n", _hosts.Select(h => $"== {h.Name} ==\n{h.Log}")) : "";
        await Task.WhenAll(_hosts.Select(h => h.DisposeAsync().AsTask()));
        if (log.Length > 0)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(log);
        }

        if (_broker is not null)
        {
            await _broker.DisposeAsync();
        }

        await Database.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>The last lines of every host, for a failure's message.</summary>
    public string Logs => string.Join("\n\n", _hosts.Select(h => $"== {h.Name} ==\n{h.Log}"));

    private static async Task<string> NativeAsync()
    {
        if (Environment.GetEnvironmentVariable("EVENTML_TORCH_NATIVE") is { Length: > 0 } given)
        {
            return given;
        }

        using var process = Process.Start(new ProcessStartInfo(Path.Combine(TestServers.RepositoryRoot, "infra/local/shim")) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var path = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, "infra/local/shim failed; its message is above");
        return path.Trim();
    }
}
