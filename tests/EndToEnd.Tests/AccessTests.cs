using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using EventMl.EndToEnd.Tests.Hosting;
using EventMl.Testing;

namespace EventMl.EndToEnd.Tests;

/// <summary>Keys as an operator lives with them: the first one, an outage of the database, and what is left behind.</summary>
public sealed class AccessTests
{
    private const string Snoop = """
        import json, os

        def run(input_path, output_path, params, job):
            seen = "\n".join(f"{k}={v}" for k, v in os.environ.items())
            with open(os.path.join(params["report"]), "w") as report:
                report.write(seen)
            raise ValueError("seen enough")
        """;

    [Fact]
    [Trait("Category", "Deep")]
    public async Task Keys_stay_valid_while_the_database_is_away_and_are_found_nowhere()
    {
        await using var servers = await OwnServers.StartAsync();
        await using var platform = await Platform.CreateAsync(servers, 100, 50, ("EVENTML_ANONYMOUS_ROLE", "none"));
        var key = (await platform.RunAsync("--admin-key", "ann")).Trim().Split('\n')[^1];
        key.ShouldStartWith("eml_");
        var host = await platform.StartAsync();
        using var ann = User(host, key);
        using var nobody = User(host, null);
        (await nobody.GetAsync("access/whoami", Ct)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await ann.GetFromJsonAsync<JsonElement>("access/whoami", Ct)).GetProperty("actor").GetString().ShouldBe("ann");
        await RunScriptAsync(platform, ann);

        servers.Kill("postgres");
        (await ann.GetAsync("access/whoami", Ct)).StatusCode.ShouldBe(HttpStatusCode.OK, "nobody is locked out");
        (await nobody.GetAsync("access/whoami", Ct)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized, "nobody is let in");
        using (var stranger = User(host, key[..^1] + (key[^1] == '0' ? '1' : '0')))
        {
            (await stranger.GetAsync("access/whoami", Ct)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        }

        await servers.StartAsync("postgres");
        // The test's own connections have died too.
        platform.Database.DataSource.Clear();
        var id = (await ann.GetFromJsonAsync<JsonElement>("access/whoami", Ct)).GetProperty("key_id").GetString();
        await Wait.UntilAsync(async () => (await ann.PostAsJsonAsync($"access/keys/{id}/revoke", new { reason = "done" }, Ct)).StatusCode is HttpStatusCode.OK or HttpStatusCode.Unauthorized, "the key to be revoked");
        await Wait.UntilAsync(async () => (await ann.GetAsync("access/whoami", Ct)).StatusCode == HttpStatusCode.Unauthorized, "the revoked key to be refused");

        var secret = key.Split('_')[2][..64];
        host.HasLogged(secret).ShouldBeFalse("the secret is in no log");
        (await platform.Database.EventsAsync()).ShouldAllBe(e => !e.Data.GetRawText().Contains(secret, StringComparison.OrdinalIgnoreCase), "nor in the ledger");
        (await File.ReadAllTextAsync(Path.Combine(platform.Folder, "seen.txt"), Ct)).ShouldNotContain("eml_", Case.Insensitive, "nor in a script's environment");
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task RunScriptAsync(Platform platform, HttpClient user)
    {
        await File.WriteAllTextAsync(Path.Combine(platform.Scripts, "snoop.py"), Snoop, Ct);
        var report = Path.Combine(platform.Folder, "seen.txt");
        await File.WriteAllTextAsync(report, "", Ct);
        if (!OperatingSystem.IsWindows())
        {
            // Scripts have a user of their own where the platform runs as root.
            File.SetUnixFileMode(report, (UnixFileMode)0b110_110_110);
        }

        var asked = await user.PostAsJsonAsync("ingestion-tasks", new { name = "snoop", input = "small", output = "small", script = "snoop.py", @params = new { report } }, Ct);
        asked.StatusCode.ShouldBe(HttpStatusCode.Created, await asked.Content.ReadAsStringAsync(Ct));
        await Wait.UntilAsync(async () => await platform.Database.CountAsync("ingestion_failed") == 1, $"the script to end\n{platform.Logs}");
        new FileInfo(report).Length.ShouldBeGreaterThan(0, "the script saw its environment");
    }

    private static HttpClient User(HostProcess host, string? key)
    {
        var client = new HttpClient { BaseAddress = new Uri(host.Address, "/api/v1/"), Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        return client;
    }
}
