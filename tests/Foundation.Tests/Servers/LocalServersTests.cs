using System.Diagnostics;
using System.Runtime.Versioning;
using EventMl.Contracts;
using EventMl.Testing;
using Npgsql;

namespace EventMl.Foundation.Tests.Servers;

/// <summary>The script <c>infra/local/servers</c>, driven as the launcher drives it.</summary>
[SupportedOSPlatform("linux")]
public sealed class LocalServersTests
{
    // The run's own addresses must not reach the script, or it would start nothing.
    private static readonly Dictionary<string, string?> s_ownServers = new()
    {
        ["EVENTML_POSTGRES"] = null,
        ["EVENTML_RABBITMQ"] = null,
        ["EVENTML_RABBITMQ_MANAGEMENT"] = null,
    };

    [Fact]
    public async Task Servers_stop_and_leave_nothing_when_their_owner_is_killed()
    {
        var name = UniqueName();
        using var owner = Process.Start(new ProcessStartInfo("sleep", ["600"]) { UseShellExecute = false }).ShouldNotBeNull();
        try
        {
            var up = await TestServers.RunServersAsync(["up", name, "--owner-pid", $"{owner.Id}", "--temporary"], s_ownServers);
            up.ExitCode.ShouldBe(0, up.Error);
            var envFile = up.Output.Trim();
            File.GetUnixFileMode(envFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            var settings = TestServers.ReadEnvFile(await File.ReadAllTextAsync(envFile, TestContext.Current.CancellationToken));
            await using (var connection = new NpgsqlConnection(settings["EVENTML_POSTGRES"] + ";Pooling=false"))
                await connection.OpenAsync(TestContext.Current.CancellationToken);

            owner.Kill();

            await ShouldHappenAsync(() => !Directory.Exists(settings["EVENTML_STATE_DIR"]), TimeSpan.FromMinutes(2));
            await using var refused = new NpgsqlConnection(settings["EVENTML_POSTGRES"] + ";Pooling=false");
            await Should.ThrowAsync<NpgsqlException>(() => refused.OpenAsync(TestContext.Current.CancellationToken));
        }
        finally
        {
            owner.Kill();
            await TestServers.RunServersAsync(["down", name, "--wipe"], s_ownServers);
        }
    }

    [Fact]
    public async Task Given_addresses_are_used_when_both_servers_are_given()
    {
        var name = UniqueName();
        var given = new Dictionary<string, string?>
        {
            ["EVENTML_POSTGRES"] = "Host=db.example;Username=it's me",
            ["EVENTML_RABBITMQ"] = "amqp://me@mq.example/",
            ["EVENTML_RABBITMQ_MANAGEMENT"] = "http://mq.example",
        };
        try
        {
            var up = await TestServers.RunServersAsync(["up", name, "--owner-pid", $"{Environment.ProcessId}", "--temporary"], given);

            up.ExitCode.ShouldBe(0, up.Error);
            var settings = TestServers.ReadEnvFile(await File.ReadAllTextAsync(up.Output.Trim(), TestContext.Current.CancellationToken));
            settings["EVENTML_POSTGRES"].ShouldBe("Host=db.example;Username=it's me");
            settings["EVENTML_RABBITMQ"].ShouldBe("amqp://me@mq.example/");
            Directory.Exists(Path.Combine(settings["EVENTML_STATE_DIR"], "postgres", "data")).ShouldBeFalse();
        }
        finally
        {
            await TestServers.RunServersAsync(["down", name, "--wipe"], given);
        }
    }

    [Theory]
    [InlineData("up", "Not A Name")]
    [InlineData("up", "../escape")]
    [InlineData("env", "never-started")]
    public async Task Script_says_what_to_do_when_the_instance_is_no_good(string verb, string name)
    {
        var (exitCode, _, error) = await TestServers.RunServersAsync([verb, name], s_ownServers);

        exitCode.ShouldNotBe(0);
        error.ShouldStartWith("error: ");
    }

    [Fact]
    public void Settings_lose_their_quotes_when_an_env_file_is_read()
    {
        var settings = TestServers.ReadEnvFile("""
            A='x;y=z'
            B='it'\''s'
            """);

        settings.ShouldBe(new Dictionary<string, string> { ["A"] = "x;y=z", ["B"] = "it's" });
    }

    private static string UniqueName() => $"test-{Ids.New():n}";

    private static async Task ShouldHappenAsync(Func<bool> condition, TimeSpan limit)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        var deadline = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            TimeProvider.System.GetElapsedTime(deadline).ShouldBeLessThan(limit);
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
