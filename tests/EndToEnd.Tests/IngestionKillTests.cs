using System.Text;
using EventMl.EndToEnd.Tests.Hosting;
using EventMl.Lake;

namespace EventMl.EndToEnd.Tests;

/// <summary>The worker of an ingestion is killed at many moments; what is left is one whole version.</summary>
public sealed class IngestionKillTests
{
    private const int Rows = 400_000;
    private const int Kills = 12;

    [Fact]
    [Trait("Category", "Deep")]
    public async Task One_whole_version_and_quarantine_are_left_when_the_worker_is_killed_at_any_moment()
    {
        await using var platform = await Platform.CreateAsync(10, 10, settings: ("EVENTML_JOB_LEASE_SECONDS", "3"));
        var text = new StringBuilder("id,n\n");
        for (var i = 0; i < Rows; i++)
        {
            text.Append(i).Append(',').Append(i % 1000 == 7 ? "bad" : "1").Append('\n');
        }

        Directory.CreateDirectory(platform.Data);
        await File.WriteAllTextAsync(Path.Combine(platform.Data, "rows.csv"), text.ToString(), TestContext.Current.CancellationToken);
        var lake = new LakeStore(new LakeOptions { Root = Path.Combine(platform.Folder, "lake") });
        // The same kills in every run, as far as two cores allow.
        var random = new Random(20261122);
        var host = await platform.StartAsync();
        for (var kill = 0; kill < Kills; kill++)
        {
            var name = $"rows{kill}";
            string id;
            using (var user = new Rest(host))
            {
                id = (await user.PostAsync("ingestion-tasks", new
                {
                    name, input = "rows.csv", source = "csv", output = name, @params = new { types = new { n = "int64" }, split = new { keys = new[] { "id" } } },
                })).GetProperty("id").GetString()!;
                var bytes = random.Next(text.Length);
                await Wait.UntilAsync(
                    async () => await platform.Database.ScalarAsync<long?>($"select max(done) from datasets.job_progress where id = '{id}'", TestContext.Current.CancellationToken) >= bytes
                        || (await platform.Database.EventsAsync("ingestion_completed")).Count > kill,
                    $"{bytes} bytes to be read");
                await host.KillAsync();
            }

            host = await platform.StartAsync();
            using var returned = new Rest(host);
            await returned.UntilAsync($"ingestion-tasks/{id}", t => t.GetProperty("status").GetString() == "completed");
            var version = (await lake.ListVersionsAsync(LakeKind.Dataset, name, TestContext.Current.CancellationToken)).ShouldHaveSingleItem();
            version.NumRows.ShouldBe(Rows - (Rows / 1000));
            (await lake.VerifyAsync(version, TestContext.Current.CancellationToken)).ShouldBeTrue();
            (await lake.ListVersionsAsync(LakeKind.Dataset, name + ".quarantine", TestContext.Current.CancellationToken)).ShouldHaveSingleItem().NumRows.ShouldBe(Rows / 1000);
        }

        (await platform.Database.CountAsync("ingestion_completed")).ShouldBe(Kills);
        (await platform.Database.CountAsync("data_ingested")).ShouldBe(Kills);
    }
}
