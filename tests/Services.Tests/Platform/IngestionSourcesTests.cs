using System.Text;
using System.Text.Json;
using EventMl.Arrow;
using EventMl.Lake;

namespace EventMl.Services.Tests.Platform;

/// <summary>Every built-in source by command, through saga, job and lake.</summary>
[Collection(PlatformTests.Name)]
public sealed class IngestionSourcesTests(PlatformFixture platform)
{
    private const string Tasks = "/api/v1/ingestion-tasks";
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task Csv_with_faults_becomes_a_version_and_a_quarantine()
    {
        var name = PlatformFixture.Unique("csv");
        var input = Write(name, "orders.csv", "id,price,day\n1,9.5,2024-01-01\n2,cheap,2024-01-02\n3,1,2024-01-03\n4,1\n5,2.25,\n");

        var task = (await RunAsync(name, "csv", input, new { max_bad_rows = 2, types = new { price = "decimal128(8, 2)" } })).ShouldBeCompleted();

        var stats = task.GetProperty("stats");
        stats.Number("total_records").ShouldBe(3);
        stats.Number("bad_records").ShouldBe(2);
        stats.Text("quarantine").ShouldBe($"lake://datasets/{name}.quarantine@1");
        var version = (await platform.Lake.GetAsync(LakeKind.Dataset, name, ct: RestClient.Cancel))!;
        version.Fields.Select(f => $"{f.Name}: {f.Type}").ShouldBe(["id: int64", "price: decimal128(8, 2)", "day: date32"]);
        var kept = await RowsAsync(name + ".quarantine", b => Enumerable.Range(0, b.Length).Select(i =>
            (b.Column("line").Values<long>()[i], b.Column<Utf8Column>("column").GetString(i), Encoding.UTF8.GetString(b.Column<BytesColumn>("raw").GetSpan(i)), b.Column<Utf8Column>("task").GetString(i))));
        kept.ShouldBe([(3, "price", "2,cheap,2024-01-02", task.Text("id")), (5, null, "4,1", task.Text("id"))]);
    }

    [Fact]
    public async Task Task_fails_with_the_first_fault_when_too_many_rows_are_bad()
    {
        var name = PlatformFixture.Unique("bad");
        var input = Write(name, "t.csv", "id,n\n1,1\n2,x\n3,3\n");

        var message = (await RunAsync(name, "csv", input, new { max_bad_rows = 0, types = new { n = "int64" } })).ShouldHaveFailed("SCRIPT_FAILED");

        message.ShouldContain("t.csv, line 3, column 'n': 'x' is no int64");
        (await platform.Lake.GetAsync(LakeKind.Dataset, name, ct: RestClient.Cancel)).ShouldBeNull();
    }

    [Fact]
    public async Task Appended_rows_move_no_other_between_train_and_test()
    {
        var name = PlatformFixture.Unique("split");
        var split = new { shares = new { train = 0.5, test = 0.5 }, seed = 7, keys = new[] { "id" } };
        var first = Write(name, "1.csv", "id,word\n" + string.Concat(Enumerable.Range(0, 200).Select(i => $"{i},w{i}\n")));
        (await RunAsync(name, "csv", first, new { split })).ShouldBeCompleted();
        var before = await SidesAsync(name);
        // Words that look like numbers are taken as what the column is.
        var second = Write(name, "2.csv", "id,word\n" + string.Concat(Enumerable.Range(200, 50).Select(i => $"{i},{i}\n")));
        var task = (await RunAsync(name, "csv", second, new { split, mode = "append" })).ShouldBeCompleted();

        var after = await SidesAsync(name);
        task.Number("version").ShouldBe(2);
        after.Count.ShouldBe(250);
        before.ShouldAllBe(row => after[row.Key] == row.Value);
        (task.GetProperty("stats").Number("train_records") + task.GetProperty("stats").Number("test_records")).ShouldBe(50);
    }

    [Fact]
    public async Task Json_lines_become_structs()
    {
        var name = PlatformFixture.Unique("jsonl");
        var input = Write(name, "t.jsonl", "{\"id\":1,\"at\":{\"x\":1.5}}\n{\"id\":2,\"at\":null}\n");

        (await RunAsync(name, "jsonl", input, new { })).ShouldBeCompleted();

        (await platform.Lake.GetAsync(LakeKind.Dataset, name, ct: RestClient.Cancel))!.Fields.Select(f => f.Type).ShouldBe(["int64", "struct<x: float64>"]);
    }

    [Fact]
    public async Task Folder_of_images_becomes_pixels_with_labels()
    {
        var name = PlatformFixture.Unique("images");
        var folder = platform.NewFolder("inputs", name);
        foreach (var label in (string[])["cat", "dog"])
        {
            platform.NewFolder("inputs", name, label);
            for (byte i = 0; i < 5; i++)
            {
                await File.WriteAllBytesAsync(Path.Combine(folder, label, $"{i}.png"), TestPng.Grey(4, 4, [.. Enumerable.Repeat(i, 16)]), RestClient.Cancel);
            }
        }

        (await RunAsync(name, "images", folder, new { })).ShouldBeCompleted().GetProperty("stats").Number("total_records").ShouldBe(10);

        var images = await RowsAsync(name, b => Enumerable.Range(0, b.Length).Select(i => (b.Column("label").Values<long>()[i], (int)b.Column<BytesColumn>("image").GetSpan(i)[15])));
        images.ShouldBe([.. Enumerable.Range(0, 5).Select(i => (0L, i)), .. Enumerable.Range(0, 5).Select(i => (1L, i))]);
    }

    [Fact]
    public async Task Query_becomes_a_version_and_its_connection_stands_nowhere()
    {
        var name = PlatformFixture.Unique("sql");

        var task = (await platform.Rest.RunAsync(Tasks, new { name, source = "sql", output = name, @params = new { connection = "warehouse", query = "select i::int8 id, i * 1.5 price from generate_series(1, 1000) i" } }))
            .ShouldBeCompleted();

        (await RowsAsync(name, b => b.Column("id").Values<long>().ToArray())).Sum().ShouldBe(500_500);
        var history = await platform.Ledger.ReadStreamAsync($"ingestion_task-{task.Text("id")}", 1, RestClient.Cancel);
        JsonSerializer.Serialize(history.Select(e => e.Data)).ShouldNotContain("Password", Case.Insensitive);
    }

    [Theory]
    [InlineData("csv", "{\"delimiter\":\"ab\"}", "one ASCII character")]
    [InlineData("csv", "{\"colour\":\"red\"}", "no option 'colour'")]
    [InlineData("csv", "{\"types\":{\"a\":\"integer\"}}", "no type 'integer'")]
    [InlineData("csv", "{\"mode\":\"merge\"}", "'mode'")]
    [InlineData("csv", "{\"max_bad_rows\":-1}", "'max_bad_rows'")]
    [InlineData("csv", "{\"split\":{\"shares\":{\"train\":0.9}}}", "1 as their sum")]
    [InlineData("parquet", "{}", "'source' must be one of")]
    [InlineData("sql", "{\"query\":\"select 1\"}", "lacks 'connection'")]
    [InlineData("sql", "{\"connection\":\"none\",\"query\":\"select 1\"}", "no connection 'none'")]
    [InlineData("sql", "{\"connection\":\"warehouse\"}", "lacks 'query'")]
    public async Task Request_is_refused_at_the_door_with_advice(string source, string options, string message)
    {
        var request = new { name = "n", source, output = "o", input = source == "sql" ? null : platform.Images, @params = JsonSerializer.Deserialize<JsonElement>(options) };

        var answer = await platform.Rest.PostAsync(Tasks, request);

        answer.ShouldBeError(400, "INVALID_REQUEST");
        JsonSerializer.Serialize(answer.Json, Relaxed).ShouldContain(message);
    }

    private Task<JsonElement> RunAsync(string name, string source, string input, object options) =>
        platform.Rest.RunAsync(Tasks, new { name, source, input, output = name, @params = options });

    private string Write(string folder, string file, string text)
    {
        var path = Path.Combine(platform.NewFolder("inputs", folder), file);
        File.WriteAllText(path, text);
        return path;
    }

    private async Task<List<T>> RowsAsync<T>(string dataset, Func<RecordBatch, IEnumerable<T>> read)
    {
        var version = (await platform.Lake.GetAsync(LakeKind.Dataset, dataset, ct: RestClient.Cancel))!;
        var rows = new List<T>();
        foreach (var file in version.Files)
        {
            using var arrow = ArrowFile.Open(Path.Combine(version.Path, file.Path));
            foreach (var batch in arrow.Batches())
            {
                rows.AddRange(read(batch));
            }
        }

        return rows;
    }

    private async Task<Dictionary<long, string>> SidesAsync(string dataset) =>
        (await RowsAsync(dataset, b => Enumerable.Range(0, b.Length).Select(i => (b.Column("id").Values<long>()[i], b.Column<Utf8Column>("split").GetString(i)!)))).ToDictionary();
}
