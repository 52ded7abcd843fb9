using System.Diagnostics;
using System.Text.Json;
using EventMl.EndToEnd.Tests.Hosting;

namespace EventMl.EndToEnd.Tests;

/// <summary>The real command line against a real host.</summary>
public sealed class CommandLineTests
{
    private static string Model { get; } = Path.Combine(Platform.Samples, "models/fashion_mlp.json");

    [Fact]
    public async Task Every_verb_of_the_main_job_works_and_says_by_exit_code_how_it_went()
    {
        await using var platform = await Platform.CreateAsync(settings: ("EVENTML_LEDGER_ANCHOR_SECONDS", "1"));
        var host = await platform.StartAsync();

        (await RunAsync(host, 0, "ingest", "--name", "in", "--input", "small", "--output", "small", "--source", "idx", "--watch")).ShouldContain("800");
        (await RunAsync(host, 0, "datasets", "show", "small")).ShouldContain("label");
        var trained = await RunAsync(host, 0, Train("mlp", 3));
        trained.ShouldContain("mlp");
        using var user = new Rest(host);
        (await user.JudgedAsync("mlp")).ShouldBeTrue();

        var history = await RunAsync(host, 0, "audit", "history", "mlp", "-o", "json");
        var types = JsonDocument.Parse(history).RootElement.EnumerateArray().Select(e => e.GetProperty("type").GetString()).ToArray();
        types.ShouldBe(["training_requested", "training_started", "epoch_completed", "epoch_completed", "epoch_completed", "model_trained", "model_registered", "training_completed", "evaluation_requested", "model_evaluated", "promotion_decided", "model_promoted"], ignoreOrder: true);
        (await RunAsync(host, 0, "audit", "history", "mlp")).ShouldContain("model_promoted");
        var decision = Rest.Version(await user.GetAsync("models/mlp"), 1)!.Value.GetProperty("decision_id").GetString()!;
        (await RunAsync(host, 0, "audit", "replay", decision)).ShouldContain("identical");
        (await RunAsync(host, 0, "models", "refold", "mlp")).ShouldContain("equals");

        await ProveAsync(platform, host);
        await RunAsync(host, 0, Train("untrained", 1, "learning_rate=1e-12"));
        (await user.JudgedAsync("untrained")).ShouldBeFalse();
        (await RunAsync(host, 1, "models", "promote", "untrained")).ShouldContain("refused");
        (await RunAsync(host, 1, "models", "show", "nothing")).ShouldContain("MODEL_NOT_FOUND");
        (await RunAsync(host, 2, "ingest", "--name", "in")).ShouldContain("--source");
        await host.KillAsync();
        await RunAsync(host, 3, "models", "list");
    }

    // The record is verified with the server and without it, and the anchors told of on the bus are those in the lake.
    private static async Task ProveAsync(Platform platform, HostProcess host)
    {
        var limit = TimeProvider.System.GetTimestamp();
        while ((await RunAsync(host, 0, "audit", "verify", "--format", "json")).Contains("\"anchored_to\":0,", StringComparison.Ordinal))
        {
            TimeProvider.System.GetElapsedTime(limit).ShouldBeLessThan(TimeSpan.FromSeconds(60));
        }

        var (export, proof, key) = (Path.Combine(platform.Folder, "ledger.zip"), Path.Combine(platform.Folder, "proof.json"), Path.Combine(platform.Folder, "state", "keys", "ledger.pub.pem"));
        (await RunAsync(host, 0, "audit", "export", "--output", export)).ShouldContain(export);
        (await RunAsync(host, 0, "audit", "verify", "--export", export, "--key", key)).ShouldContain("intact");
        await File.WriteAllTextAsync(proof, await RunAsync(host, 0, "audit", "prove", "1"), TestContext.Current.CancellationToken);
        (await RunAsync(host, 0, "audit", "verify", "--proof", proof, "--key", key)).ShouldContain("ingestion_requested");
        Directory.GetFiles(Path.Combine(platform.Folder, "lake", "ledger")).ShouldNotBeEmpty();
    }

    private static string[] Train(string name, int epochs, params string[] parameters) =>
        ["train", "--name", name, "--input", "small", "--output", name, "--model", Model, "--param", $"epochs={epochs}", "--param", "threads=1", .. parameters.SelectMany(p => new[] { "--param", p }), "--watch"];

    private static async Task<string> RunAsync(HostProcess host, int expected, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "EventMl.Cli"), [.. arguments, "--url", host.Address.ToString()])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(expected, $"eventml {string.Join(' ', arguments)}\n{output}\n{await error}\nLog of the host:\n{host.Log}");
        return expected == 0 ? output : output + await error;
    }
}
