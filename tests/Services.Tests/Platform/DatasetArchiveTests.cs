using System.Net;
using System.Net.Http.Headers;
using System.Text;
using EventMl.Services.Tests.Cli;

namespace EventMl.Services.Tests.Platform;

/// <summary>Datasets as one file, by REST and by the command line.</summary>
[Collection(PlatformTests.Name)]
public sealed class DatasetArchiveTests(PlatformFixture platform)
{
    private RestClient Rest => platform.Rest;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Goes_out_and_in_again_with_the_same_rows()
    {
        var digits = await platform.DigitsAsync();
        var (file, copy) = (Path.Combine(platform.Folder, "digits.tar"), PlatformFixture.Unique("copy"));

        (await CliAsync(0, "datasets", "export", digits, file)).ShouldContain("its root is sha256:");
        (await CliAsync(0, "datasets", "import", file, copy)).ShouldContain($"import made {copy}@1.");

        var (before, after) = ((await Rest.GetAsync($"/api/v1/datasets/{digits}")).Json, (await Rest.GetAsync($"/api/v1/datasets/{copy}")).Json);
        after.Number("num_rows").ShouldBe(before.Number("num_rows"));
        after.GetProperty("schema").GetRawText().ShouldBe(before.GetProperty("schema").GetRawText());
        var rows = await Task.WhenAll(new[] { digits, copy }.Select(d => Rest.GetAsync($"/api/v1/datasets/{d}/versions/latest/preview?limit=3")));
        rows[1].Json.GetProperty("rows").GetRawText().ShouldBe(rows[0].Json.GetProperty("rows").GetRawText());
        Directory.GetFiles(Path.Combine(platform.Folder, "state", "uploads")).ShouldBeEmpty();
        (await CliAsync(1, "datasets", "import", file, copy)).ShouldContain("DATASET_CONFLICT");
    }

    [Fact]
    public async Task Comes_in_from_an_allowed_root_and_from_nowhere_else()
    {
        var digits = await platform.DigitsAsync();
        var name = PlatformFixture.Unique("rooted");
        var file = Path.Combine(platform.Folder, "inputs", $"{name}.tar");
        await CliAsync(0, "datasets", "export", digits, file, "--version", "1");

        (await CliAsync(0, "datasets", "import", file, name, "--on-server")).ShouldContain($"{name}@1");

        (await Rest.PostAsync("/api/v1/datasets/import", new { dataset = name + "2", input = "/etc/passwd" })).ShouldBeError(400, "INVALID_REQUEST");
        (await Rest.PostAsync("/api/v1/datasets/import", new { dataset = name + "2" })).ShouldBeError(400, "INVALID_REQUEST");
    }

    [Fact]
    public async Task Fails_with_the_reason_and_leaves_nothing_when_the_archive_is_damaged()
    {
        var name = PlatformFixture.Unique("damaged");

        var sent = await SendAsync(name, Encoding.UTF8.GetBytes(new string('x', 2048)));

        sent.ShouldBe(HttpStatusCode.Created);
        (await Rest.UntilEndedAsync(sent.Headers["Location"])).ShouldHaveFailed("INVALID_REQUEST").ShouldContain("The archive cannot be imported");
        (await Rest.GetAsync($"/api/v1/datasets/{name}")).ShouldBeError(404, "DATASET_NOT_FOUND");
        (await SendAsync("no name!", [])).ShouldBeError(400, "INVALID_REQUEST");
        Directory.GetFiles(Path.Combine(platform.Folder, "state", "uploads")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Whole_life_of_a_dataset_goes_by_the_command_line()
    {
        var (name, branch) = (PlatformFixture.Unique("cli"), PlatformFixture.Unique("branch"));
        await CliAsync(0, "ingest", "--name", name, "--input", platform.Images, "--source", "idx", "--output", name, "--watch");

        (await CliAsync(0, "datasets", "list")).ShouldContain(name);
        (await CliAsync(0, "datasets", "preview", name, "--rows", "2", "--columns", "label,split")).ShouldContain("train");
        (await CliAsync(0, "datasets", "tag", name, "raw")).ShouldContain($"{name}@1 is tagged raw.");
        (await CliAsync(0, "datasets", "delete-rows", name, "--where", "label <= 3")).ShouldContain($"delete_rows made {name}@2.");
        (await CliAsync(0, "datasets", "drop-columns", name, "split")).ShouldContain($"{name}@3");
        (await CliAsync(1, "datasets", "diff", name, "raw")).ShouldContain("split");
        (await CliAsync(0, "datasets", "diff", name, "3", "3")).ShouldContain("0 added, 0 removed");
        (await CliAsync(0, "datasets", "compact", name)).ShouldContain($"compact made {name}@4.");
        (await CliAsync(0, "datasets", "clone", name, branch, "--version", "1")).ShouldContain($"clone made {branch}@1.");
        (await CliAsync(0, "datasets", "restore", name, "1")).ShouldContain($"restore made {name}@5.");
        (await CliAsync(0, "datasets", "gc", name, "--keep-versions", "1", "--grace", "0")).ShouldContain("versions 2, 3, 4 are gone");
        (await CliAsync(0, "datasets", "versions", name)).ShouldContain("raw");
        (await CliAsync(0, "datasets", "changes", name)).ShouldContain("collect_garbage");
        (await CliAsync(0, "datasets", "untag", name, "raw")).ShouldContain("removed");
        (await CliAsync(1, "datasets", "drop-columns", name, "nothing")).ShouldContain("INVALID_REQUEST");
        (await CliAsync(1, "datasets", "restore", name, "2")).ShouldContain("was collected");
        (await CliAsync(2, "datasets", "delete-rows", name)).ShouldContain("--where");
        (await CliAsync(2, "datasets", "delete-rows", name, "--where", "nonsense")).ShouldContain("is no condition");
        (await CliAsync(0, "datasets", "delete", name)).ShouldContain("is deleted");
    }

    private async Task<string> CliAsync(int expected, params string[] arguments)
    {
        var run = await CliRun.RunAsync(_ => null, ["--url", Rest.Address.ToString(), .. arguments]);
        run.ExitCode.ShouldBe(expected, $"{string.Join(' ', arguments)}\n{run.Out}\n{run.Error}");
        return run.Out + run.Error;
    }

    private async Task<RestAnswer> SendAsync(string name, byte[] archive)
    {
        using var client = new HttpClient { BaseAddress = Rest.Address };
        using var content = new ByteArrayContent(archive);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var response = await client.PostAsync($"/api/v1/datasets/{Uri.EscapeDataString(name)}/archive", content, Cancel);
        return new RestAnswer(response.StatusCode, await response.Content.ReadAsStringAsync(Cancel), response.Headers.ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase));
    }
}
