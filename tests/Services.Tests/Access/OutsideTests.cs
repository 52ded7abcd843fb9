using System.Net;
using EventMl.Host.Hosting;
using EventMl.Services.Tests.Platform;
using EventMl.Testing;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace EventMl.Services.Tests.Access;

/// <summary>What is not of this machine never passes for it.</summary>
[Collection(AccessTests.Name)]
public sealed class OutsideTests(AccessFixture platform)
{
    [Theory]
    [InlineData("127.0.0.1", "localhost:8000", null, true)]
    [InlineData("::1", "[::1]:8000", null, true)]
    [InlineData("::ffff:127.0.0.1", "127.0.0.1", null, true)]
    [InlineData(null, "", null, true)]
    [InlineData("192.168.0.2", "localhost", null, false)]
    [InlineData("127.0.0.1", "attacker.example", null, false)]
    [InlineData("127.0.0.1", "localhost", "X-Forwarded-For", false)]
    [InlineData("127.0.0.1", "localhost", "Forwarded", false)]
    [InlineData("127.0.0.1", "localhost", "Via", false)]
    public void Request_is_local_only_on_loopback_without_a_proxy_and_under_a_name_of_this_machine(string? address, string host, string? header, bool local)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = address is null ? null : IPAddress.Parse(address);
        context.Request.Host = new HostString(host);
        if (header is not null)
        {
            context.Request.Headers[header] = "10.0.0.1";
        }

        context.IsLocal().ShouldBe(local);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8000", true)]
    [InlineData("http://localhost:0", true)]
    [InlineData("http://[::1]:8000", true)]
    [InlineData("http://0.0.0.0:8000", false)]
    [InlineData("http://*:8000", false)]
    [InlineData("http://[::]:8000", false)]
    [InlineData("http://ml.example.com", false)]
    public void Address_to_listen_on_counts_as_loopback_only_when_it_is(string url, bool loopback) => Locality.IsLoopback(url).ShouldBe(loopback);

    [Fact]
    public async Task Host_listens_to_other_machines_only_when_somebody_has_an_admin_key()
    {
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        var settings = platform.Settings with
        {
            Ledger = platform.Settings.Ledger with { ConnectionString = database.ConnectionString },
            Urls = "http://0.0.0.0:0",
            Areas = new HashSet<string>([HostAreas.Access], StringComparer.Ordinal),
        };
        await Declaration.RunAsync(settings, TestContext.Current.CancellationToken);
        settings = settings with { Bus = new Bus.BusOptions { Transport = "memory" } };

        (await Should.ThrowAsync<ArgumentException>(() => RunAsync(settings, _ => Task.CompletedTask))).Message.ShouldContain("--admin-key");
        var key = await FirstKey.IssueAsync(settings, "first", TestContext.Current.CancellationToken);
        // Positions are given by a host; the first one to run is on loopback.
        await RunAsync(settings with { Urls = "http://127.0.0.1:0" }, async address =>
        {
            using var rest = new RestClient(address);
            await Eventually.TrueAsync(async () => (await rest.GetAsync("/api/v1/access/whoami", AccessFixture.Bearer(key))).Status == HttpStatusCode.OK, "the first key is good");
        });
        await RunAsync(settings, _ => Task.CompletedTask);
    }

    // A flow of its own, since MassTransit leaves its logger in it.
    private static Task RunAsync(HostSettings settings, Func<Uri, Task> use) => Task.Run(async () =>
    {
        await using var host = PlatformHost.Build(settings);
        await host.StartAsync();
        await use(new Uri(host.Urls.First()));
        await host.StopAsync();
    });

    [Fact]
    public async Task Gateway_passes_keys_on_and_outsiders_not_off_as_local()
    {
        var worker = await platform.StartAsync(settings => settings with
        {
            Access = settings.Access with { AnonymousRole = Bus.Role.Viewer },
            Areas = new HashSet<string>([HostAreas.Models], StringComparer.Ordinal),
        });
        var gateway = platform.Client(await platform.StartAsync(settings => settings with
        {
            Areas = new HashSet<string>([HostAreas.Gateway], StringComparer.Ordinal),
            Routes = new Dictionary<string, string>(StringComparer.Ordinal) { [HostAreas.Models] = worker.Urls.First() },
        }));

        (await gateway.GetAsync("/api/v1/models")).ShouldBe(HttpStatusCode.OK);
        (await gateway.GetAsync("/api/v1/models", AccessFixture.Bearer(platform.Root))).ShouldBe(HttpStatusCode.OK);
        (await gateway.GetAsync("/api/v1/models", ("Host", "rebound.example"))).ShouldBeError(401, "UNAUTHENTICATED");
        (await gateway.GetAsync("/api/v1/models", ("X-Forwarded-For", "10.0.0.1"))).ShouldBeError(401, "UNAUTHENTICATED");
        (await gateway.GetAsync("/api/v1/models", ("Host", "rebound.example"), AccessFixture.Bearer(platform.Root))).ShouldBe(HttpStatusCode.OK);
    }
}
