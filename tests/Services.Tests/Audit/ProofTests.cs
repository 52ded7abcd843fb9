using System.Text.Json;
using EventMl.Contracts.Training;
using EventMl.Services.Tests.Cli;
using EventMl.Services.Tests.Models;

namespace EventMl.Services.Tests.Audit;

/// <summary>The ledger is sealed by the notary of a real host and questioned over REST and the command line.</summary>
public class ProofTests
{
    private const string Touch = """
        begin; set local session_replication_role = replica;
        update ledger.mt_events set data = jsonb_set(data, '{Name}', '"forged"') where seq_id = (select seq_id from ledger.eml_position where position = 2); commit
        """;

    private static readonly TrainingRequested Asked = new("train-1", "digits of Jane", "mnist", 1, "lake://datasets/mnist@1", "ab", null, null, Given.Json("{}"), "digits", 60, Given.Now);

    [Fact]
    public async Task Verifies_online_and_offline_until_somebody_touches_the_record()
    {
        await using var host = await AnchoredAsync();
        var export = Path.Combine(host.Folder, "ledger.zip");
        var intact = await RunAsync(host, 0, "audit", "verify");
        intact.Out.ShouldContain("intact");
        intact.Out.ShouldContain("position 3");
        (await RunAsync(host, 0, "audit", "export", "--output", export)).Out.ShouldContain("--export");
        var offline = await CliRun.RunAsync(_ => null, ["audit", "verify", "--export", export, "--key", host.PublicKeyPath, "--format", "json"]);
        offline.ExitCode.ShouldBe(0, offline.Error);
        JsonElement.Parse(offline.Out).GetProperty("anchored_to").GetInt64().ShouldBe(3);

        await ExecuteAsync(host, Touch);

        var touched = await RunAsync(host, 4, "audit", "verify");
        touched.Out.ShouldContain("first bad position is 2");
        touched.Out.ShouldContain("data_edited");
        await RunAsync(host, 0, "audit", "export", "--output", export);
        var found = await CliRun.RunAsync(_ => null, ["audit", "verify", "--export", export, "--key", host.PublicKeyPath]);
        found.ExitCode.ShouldBe(4);
        found.Out.ShouldContain("first bad position is 2");
        (await host.GetAsync("/api/v1/audit/verify")).GetProperty("findings")[0].GetProperty("kind").GetString().ShouldBe("data_edited");
    }

    [Fact]
    public async Task Warns_when_the_key_comes_from_the_export_itself()
    {
        await using var host = await AnchoredAsync();
        var export = Path.Combine(host.Folder, "ledger.zip");
        await RunAsync(host, 0, "audit", "export", "--output", export);

        var run = await CliRun.RunAsync(_ => null, ["audit", "verify", "--export", export]);

        run.ExitCode.ShouldBe(0, run.Error);
        run.Error.ShouldContain("No --key");
    }

    [Fact]
    public async Task Proves_one_event_by_a_file_that_needs_no_server()
    {
        await using var host = await AnchoredAsync();
        var proof = Path.Combine(host.Folder, "proof.json");
        await File.WriteAllTextAsync(proof, (await RunAsync(host, 0, "audit", "prove", "2")).Out);

        var holds = await CliRun.RunAsync(_ => null, ["audit", "verify", "--proof", proof, "--key", host.PublicKeyPath]);
        holds.ExitCode.ShouldBe(0, holds.Error);
        holds.Out.ShouldContain("position 2 of the 3 events");
        await File.WriteAllTextAsync(proof, (await File.ReadAllTextAsync(proof)).Replace("Jane", "Eve", StringComparison.Ordinal));
        (await CliRun.RunAsync(_ => null, ["audit", "verify", "--proof", proof, "--key", host.PublicKeyPath])).ExitCode.ShouldBe(4);
        (await RunAsync(host, 1, "audit", "prove", "99")).Error.ShouldContain("No anchor covers position 99");
    }

    [Fact]
    public async Task Masks_a_value_and_stays_intact()
    {
        await using var host = await AnchoredAsync();

        (await RunAsync(host, 0, "audit", "mask", "1", "--member", "Name", "--reason", "asked to")).Out.ShouldContain("Masked Name");

        var report = await host.UntilAsync("/api/v1/audit/verify", r => r.GetProperty("anchored_to").GetInt64() > 4);
        report.GetProperty("intact").GetBoolean().ShouldBeTrue(report.GetRawText());
        report.GetProperty("masked")[0].GetInt64().ShouldBe(1);
        (await host.GetAsync("/api/v1/audit/history?thing=task/train-1")).GetRawText().ShouldNotContain("digits of Jane 1");
        (await RunAsync(host, 1, "audit", "mask", "1", "--member", "Nothing", "--reason", "asked to")).Error.ShouldContain("no member 'Nothing'");
        (await RunAsync(host, 1, "audit", "mask", "1", "--member", "Name", "--reason", " ")).Error.ShouldContain("reason");
    }

    [Theory]
    [InlineData("--export", "/nowhere.zip")]
    [InlineData("--proof", "/nowhere.json")]
    [InlineData("--export", "/etc/passwd")]
    [InlineData("--proof", "/etc/passwd")]
    [InlineData("--key", "/etc/passwd")]
    public async Task Answers_2_when_a_file_cannot_be_used(string option, string file)
    {
        var run = await CliRun.RunAsync(_ => null, ["audit", "verify", option, file]);

        run.ExitCode.ShouldBe(2);
        run.Error.ShouldNotBeEmpty();
    }

    // Three events under one anchor.
    private static async Task<ModelsHost> AnchoredAsync()
    {
        var host = await ModelsHost.StartAsync(TimeSpan.FromSeconds(0.3));
        await host.AppendAsync("training_task-train-1", 0, Asked with { Name = "digits of Jane 1" }, Asked, Asked);
        await host.UntilAsync("/api/v1/audit/verify", r => r.GetProperty("anchored_to").GetInt64() >= 3);
        return host;
    }

    private static async Task<CliRun> RunAsync(ModelsHost host, int expected, params string[] args)
    {
        var run = await CliRun.RunAsync(_ => null, ["--url", host.Client.BaseAddress!.ToString(), .. args]);
        run.ExitCode.ShouldBe(expected, run.Out + run.Error);
        return run;
    }

    private static async Task ExecuteAsync(ModelsHost host, string sql)
    {
        await using var command = host.Ledger.DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
