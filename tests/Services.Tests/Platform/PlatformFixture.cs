using EventMl.Bus;
using EventMl.Datasets;
using EventMl.EventStore;
using EventMl.EventStore.Proof;
using EventMl.Host.Hosting;
using EventMl.Jobs;
using EventMl.Jobs.Scripts;
using EventMl.Lake;
using EventMl.Lake.S3;
using EventMl.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

#pragma warning disable CA1416 // The platform runs on Linux.

namespace EventMl.Services.Tests.Platform;

/// <summary>The whole platform in one process, on a database, a virtual host, a lake and a port of its own, shared by the tests of the collection.</summary>
public class PlatformFixture : IAsyncLifetime
{
    // Scripts run as another user when the tests run as root.
    private const UnixFileMode Enterable = (UnixFileMode)0b111_101_101;

    private const string Policy = """
        policy: promotion/1
        rules:
          - metric: accuracy
            min: 0.2
        """;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private TestDatabase _database = null!;
    private WebApplication _app = null!;
    private string? _digits;

    internal RestClient Rest { get; private set; } = null!;

    internal TestBroker Broker { get; private set; } = null!;

    internal TestDatabase Database => _database;

    internal Ledger Ledger => _app.Services.GetRequiredService<Ledger>();

    internal LakeStore Lake => _app.Services.GetRequiredService<LakeStore>();

    internal IServiceProvider Services => _app.Services;

    internal string Folder { get; } = Directory.CreateTempSubdirectory("eventml-platform-").FullName;

    /// <summary>600 training and 200 test images.</summary>
    internal string Images => Path.Combine(Folder, "inputs", "images");

    internal static string Samples { get; } = Path.Combine(TestServers.RepositoryRoot, "samples");

    /// <summary>A name that no other test uses.</summary>
    internal static string Unique(string what) => $"{what}_{Contracts.Ids.New():N}"[..(what.Length + 13)];

    public async ValueTask InitializeAsync()
    {
        File.SetUnixFileMode(Folder, Enterable);
        NewFolder("scripts");
        NewFolder("inputs");
        IdxFolder.Write(NewFolder("inputs", "images"));
        var policy = Path.Combine(Folder, "promotion.yaml");
        await File.WriteAllTextAsync(policy, Policy);
        Environment.SetEnvironmentVariable("Logging__LogLevel__Default", Environment.GetEnvironmentVariable("EVENTML_TEST_LOG") ?? "Critical");
        await TestTorch.EnsureNativeAsync();
        _database = await TestDatabase.CreateAsync();
        Broker = await TestBroker.CreateAsync();
        var settings = new HostSettings
        {
            Areas = new HashSet<string>(HostAreas.All, StringComparer.Ordinal),
            Urls = "http://127.0.0.1:0",
            Ledger = new LedgerOptions { ConnectionString = _database.ConnectionString },
            Notary = new NotaryOptions { KeyPath = Path.Combine(Folder, "keys", "ledger.pem") },
            Bus = new BusOptions { Address = Broker.Address.ToString() },
            Lake = new LakeOptions { Root = Path.Combine(Folder, "lake") },
            LakeStore = await StoreAsync(),
            Scripts = new ScriptOptions
            {
                // Coverage rewrites the assemblies beside the tests, and what it adds cannot write its results as the script user.
                AssembliesPath = Path.Combine(TestServers.RepositoryRoot, "artifacts", "bin", "EventMl.Host", "debug"),
                StatePath = NewFolder("state"),
                ScriptRoots = [Samples, Path.Combine(Folder, "scripts")],
                InputRoots = [Path.Combine(Folder, "inputs"), "/usr/share/datasets"],
                ScriptUser = "nobody",
                GracePeriod = TimeSpan.FromSeconds(1),
            },
            Sources = new IngestionSources { Connections = new Dictionary<string, string>(StringComparer.Ordinal) { ["warehouse"] = _database.ConnectionString } },
            Jobs = new JobRunnerOptions { Concurrency = 2, Heartbeat = TimeSpan.FromSeconds(0.5) },
            PolicyPath = policy,
        };
        await Declaration.RunAsync(settings, CancellationToken.None);
        _app = PlatformHost.Build(settings);
        await _app.StartAsync();
        Rest = new RestClient(new Uri(_app.Urls.First()));
    }

    /// <summary>The name of a dataset with all images, ingested by the first test that asks.</summary>
    internal async Task<string> DigitsAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (_digits is null)
            {
                var task = await Rest.RunAsync("/api/v1/ingestion-tasks", new { name = "digits", input = Images, source = "idx", output = "digits" });
                task.ShouldBeCompleted();
                _digits = "digits";
            }

            return _digits;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The object store for the lake; none unless a fixture says so.</summary>
    protected virtual Task<S3Options?> StoreAsync() => Task.FromResult<S3Options?>(null);

    /// <summary>A folder below the fixture's that scripts may enter.</summary>
    internal string NewFolder(params string[] names)
    {
        var path = Path.Combine([Folder, .. names]);
        Directory.CreateDirectory(path, Enterable);
        return path;
    }

    /// <summary>The types of a stream's events, in order.</summary>
    internal async Task<string[]> EventsAsync(string stream) =>
        [.. (await Ledger.ReadStreamAsync(stream, 1, TestContext.Current.CancellationToken)).Select(e => e.Data?.GetType().Name ?? e.Type)];

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Rest?.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }

        if (Broker is not null)
        {
            await Broker.DisposeAsync();
        }

        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        _gate.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>Tests that share one platform; they run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class PlatformTests : ICollectionFixture<PlatformFixture>
{
    public const string Name = "platform";
}
