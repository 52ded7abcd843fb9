using System.Globalization;
using EventMl.EndToEnd.Tests.Hosting;
using EventMl.Testing;

namespace EventMl.EndToEnd.Tests;

/// <summary>Nothing of the platform can be reached from another machine.</summary>
public sealed class LoopbackTests
{
    [Fact]
    public async Task Only_loopback_is_listened_on_when_a_platform_with_a_service_runs()
    {
        await using var platform = await Platform.CreateAsync();
        var host = await platform.StartAsync();
        using var user = new Rest(host);
        await user.EndedAsync("ingestion-tasks", await user.IngestAsync("in", "small"));
        await user.EndedAsync("training-tasks", await user.TrainAsync("tr", "small", "mlp", new { epochs = 1, threads = 1 }));
        await user.ServeAsync("live", "mlp");

        var ours = Processes.Listening([host.Id]);
        ours.Count.ShouldBeGreaterThanOrEqualTo(2, "REST and the service's own endpoint");
        ours.ShouldAllBe(a => IsLoopback(a));

        if ((await TestServers.AddressesAsync()).StateDirectory is { } state && Directory.Exists(Path.Combine(state, "processes")))
        {
            var servers = Directory.EnumerateFiles(Path.Combine(state, "processes")).Select(f => int.Parse(File.ReadAllText(f).Split(':')[0], CultureInfo.InvariantCulture)).ToArray();
            servers.ShouldNotBeEmpty();
            var theirs = Processes.Listening(Processes.WithChildren(servers));
            theirs.Count.ShouldBeGreaterThanOrEqualTo(3, "PostgreSQL, AMQP and its management");
            theirs.ShouldAllBe(a => IsLoopback(a));
        }
    }

    [Theory]
    [InlineData("0100007F:1F90", true)]
    [InlineData("00000000:1F90", false)]
    [InlineData("0200A8C0:1F90", false)]
    [InlineData("00000000000000000000000001000000:1F90", true)]
    [InlineData("00000000000000000000000000000000:1F90", false)]
    public void An_address_counts_as_loopback_when_the_kernel_prints_it_so(string address, bool loopback) => IsLoopback(address).ShouldBe(loopback);

    // The kernel prints addresses as little-endian words: 127.0.0.0/8, ::1 and ::ffff:127.0.0.1.
    private static bool IsLoopback(string address) => address.Split(':')[0] switch
    {
        { Length: 8 } v4 => v4.EndsWith("7F", StringComparison.Ordinal),
        "00000000000000000000000001000000" => true,
        var v6 => v6.StartsWith("0000000000000000FFFF0000", StringComparison.Ordinal) && v6.EndsWith("7F", StringComparison.Ordinal),
    };
}
