using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using EventMl.Bus;
using EventMl.EventStore;
using EventMl.EventStore.Proof;
using EventMl.Host.Hosting;
using EventMl.Jobs.Scripts;
using EventMl.Lake;
using EventMl.Services.Tests.Platform;
using EventMl.Testing;
using Microsoft.AspNetCore.Builder;
using RabbitMQ.Client;

#pragma warning disable CA1416 // The platform runs on Linux.

namespace EventMl.Services.Tests.Access;

/// <summary>The whole platform with keys everywhere, on servers of its own, and one admin's key.</summary>
public sealed class AccessFixture : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, string> _keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (string User, Uri Address)> _users = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly List<WebApplication> _apps = [];
    private readonly List<RestClient> _clients = [];

    internal TestDatabase Database { get; private set; } = null!;

    internal TestBroker Broker { get; private set; } = null!;

    internal HostSettings Settings { get; private set; } = null!;

    internal RestClient Rest { get; private set; } = null!;

    internal IServiceProvider Services => _apps[0].Services;

    /// <summary>A key that may do everything.</summary>
    internal string Root { get; private set; } = null!;

    internal string Folder { get; } = Directory.CreateTempSubdirectory("eventml-access-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Settings that suffice to build a host without starting it.</summary>
    internal static HostSettings Described(string folder, string postgres = "Host=127.0.0.1;Database=none", string rabbit = "amqp://none:none@127.0.0.1/none") => new()
    {
        Areas = new HashSet<string>(HostAreas.All, StringComparer.Ordinal),
        Urls = "http://127.0.0.1:0",
        Ledger = new LedgerOptions { ConnectionString = postgres },
        Notary = new NotaryOptions { KeyPath = Path.Combine(folder, "keys", "ledger.pem") },
        Bus = new BusOptions { Address = rabbit, ForbiddenPerMinute = 1000, DeadLetterScanInterval = TimeSpan.FromMilliseconds(200) },
        Access = new AccessOptions { AnonymousRole = null, DenialPeriod = TimeSpan.FromSeconds(1) },
        Lake = new LakeOptions { Root = Path.Combine(folder, "lake") },
        Scripts = new ScriptOptions { StatePath = Path.Combine(folder, "state"), ScriptRoots = [], InputRoots = [] },
        PolicyPath = Path.Combine(TestServers.RepositoryRoot, "samples", "policies", "promotion.yaml"),
    };

    public async ValueTask InitializeAsync()
    {
        Environment.SetEnvironmentVariable("Logging__LogLevel__Default", Environment.GetEnvironmentVariable("EVENTML_TEST_LOG") ?? "Critical");
        Database = await TestDatabase.CreateAsync();
        Broker = await TestBroker.CreateAsync();
        Settings = Described(Folder, Database.ConnectionString, Broker.Address.ToString());
        await Declaration.RunAsync(Settings, CancellationToken.None);
        Root = await FirstKey.IssueAsync(Settings, "root", CancellationToken.None);
        await StartAsync(Settings);
        Rest = Client(_apps[0]);
    }

    /// <summary>One more process on the same database; it leaves the broker's messages to the first.</summary>
    internal Task<WebApplication> StartAsync(Func<HostSettings, HostSettings> change) => StartAsync(change(Settings) with { Bus = new BusOptions { Transport = "memory" } });

    private async Task<WebApplication> StartAsync(HostSettings settings)
    {
        var app = PlatformHost.Build(settings);
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        _apps.Add(app);
        return app;
    }

    internal RestClient Client(WebApplication app)
    {
        var client = new RestClient(new Uri(app.Urls.First()));
        _clients.Add(client);
        return client;
    }

    internal static (string Name, string Value) Bearer(string key) => ("Authorization", $"Bearer {key}");

    /// <summary>Grants and returns the principal.</summary>
    internal async Task<string> GrantAsync(string name, string role, string[]? scopes = null, string[]? brokerUsers = null)
    {
        (await Rest.PostAsync("/api/v1/access/principals", new { principal = name, role, scopes, broker_users = brokerUsers }, Bearer(Root))).ShouldBe(HttpStatusCode.Created);
        return name;
    }

    internal async Task<(string Id, string Key)> IssueAsync(string principal, object? more = null)
    {
        var body = JsonSerializer.SerializeToNode(more ?? new { })!.AsObject();
        body["principal"] = principal;
        var answer = await Rest.PostAsync("/api/v1/access/keys", body.ToJsonString(), Bearer(Root));
        answer.ShouldBe(HttpStatusCode.Created);
        return (answer.Json.Text("id")!, answer.Json.Text("key")!);
    }

    /// <summary>A key of exactly these rights.</summary>
    internal async Task<string> KeyAsync(Role role, string area)
    {
        await _gate.WaitAsync(Cancel);
        try
        {
            var name = $"rest-{role.Word()}-{area}";
            return _keys.TryGetValue(name, out var key) ? key : _keys[name] = (await IssueAsync(await GrantAsync(name, role.Word(), [area]))).Key;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Publishes a command as a program with an account of its own would; returns its message id.</summary>
    internal async Task<Guid> PublishAsync(Type command, string principal, string body = "{}")
    {
        var (user, address) = _users[principal];
        await using var connection = await new ConnectionFactory { Uri = address }.CreateConnectionAsync(Cancel);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), Cancel);
        var id = Contracts.Ids.New();
        var properties = new BasicProperties { ContentType = "application/json", MessageId = id.ToString("D"), UserId = user };
        await channel.BasicPublishAsync(BusNames.Exchange(command), "", mandatory: true, properties, System.Text.Encoding.UTF8.GetBytes(body), Cancel);
        return id;
    }

    /// <summary>A principal with an account on the broker.</summary>
    internal async Task<string> BusPrincipalAsync(string name, string role, string area)
    {
        await _gate.WaitAsync(Cancel);
        try
        {
            if (!_users.ContainsKey(name))
            {
                var user = await AddUserAsync(name);
                await GrantAsync(name, role, [area], [user]);
            }

            return name;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>An account on the broker; returns its name there.</summary>
    internal async Task<string> AddUserAsync(string name)
    {
        var address = await Broker.AddUserAsync(name, "secret", Cancel);
        var user = Uri.UnescapeDataString(address.UserInfo.Split(':')[0]);
        _users[name] = (user, address);
        return user;
    }

    internal Task<long> DenialsAsync(string principal, string action) => Database.ScalarAsync<long>(
        $"select count(*) from ledger.mt_events where type = 'access_denied' and data->>'Principal' = '{principal}' and data->>'Action' = '{action}'", Cancel);

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        foreach (var app in _apps)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        await Broker.DisposeAsync();
        await Database.DisposeAsync();
        _gate.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>Tests that share one platform with keys everywhere.</summary>
[CollectionDefinition(Name)]
public sealed class AccessTests : ICollectionFixture<AccessFixture>
{
    public const string Name = "access";
}
