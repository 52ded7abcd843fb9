using System.Net;
using System.Text.Json;
using EventMl.Arrow;
using EventMl.Contracts.Datasets;
using EventMl.EventStore;
using EventMl.Lake;

namespace EventMl.Services.Tests.Platform;

/// <summary>What a person does with a dataset over REST, from its first version to its collection.</summary>
[Collection(PlatformTests.Name)]
public sealed class DatasetOperationsTests(PlatformFixture platform)
{
    private RestClient Rest => platform.Rest;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Makes_a_version_of_every_change_and_tells_what_it_did()
    {
        var name = await DatasetAsync("life", ["a", "b", null, "d"], [1, 2, 3, 4]);
        var at = $"/api/v1/datasets/{name}";

        (await ChangedAsync($"{at}/delete-rows", new { where = new { column = "n", op = ">=", value = 3 } })).Number("version").ShouldBe(2);
        (await ChangedAsync($"{at}/drop-columns", new { columns = new[] { "s" } })).Number("version").ShouldBe(3);
        (await ChangedAsync($"{at}/restore", new { version = 1 })).Number("version").ShouldBe(4);
        (await ChangedAsync($"{at}/delete-rows", new { row_ids = new[] { 0 } })).Number("version").ShouldBe(5);
        (await ChangedAsync($"{at}/compact")).Number("version").ShouldBe(6);

        (await Rest.GetAsync($"{at}/versions")).Json.EnumerateArray().Select(v => $"{v.Number("version")} {v.Text("operation")} {v.Number("num_rows")}")
            .ShouldBe(["6 compact 3", "5 delete_rows 3", "4 restore 4", "3 drop_columns 2", "2 delete_rows 2", "1 ingest 4"]);
        var dataset = (await Rest.GetAsync(at)).Json;
        (dataset.Number("version"), dataset.Number("num_rows")).ShouldBe((6, 3));
        var diff = (await Rest.GetAsync($"{at}/diff?from=1&to=3")).Json;
        (diff.Number("rows_removed"), diff.Number("rows_added"), diff.Number("rows_common")).ShouldBe((2, 0, 2));
        diff.GetProperty("columns_dropped").EnumerateArray().Select(c => c.GetString()).ShouldBe(["s"]);
        (await platform.EventsAsync($"dataset-{name}")).Count(e => e == nameof(DatasetVersionCommitted)).ShouldBe(5);
    }

    [Fact]
    public async Task Shows_rows_with_their_ids_and_leaves_out_what_was_deleted()
    {
        var name = await DatasetAsync("shown", ["a", "b", null], [1, 2, 3]);
        await ChangedAsync($"/api/v1/datasets/{name}/delete-rows", new { where = new { column = "s", op = "=", value = "a" } });

        var preview = (await Rest.GetAsync($"/api/v1/datasets/{name}/versions/latest/preview")).Json;

        preview.GetProperty("rows").GetRawText().ShouldBe("""[{"s":"b","n":2},{"s":null,"n":3}]""");
        preview.GetProperty("row_ids").GetRawText().ShouldBe("[1,2]");
        (await Rest.GetAsync($"/api/v1/datasets/{name}/versions/1/preview?limit=1&columns=n")).Json.GetProperty("rows").GetRawText().ShouldBe("""[{"n":1}]""");
        (await Rest.GetAsync($"/api/v1/datasets/{name}/versions/1/preview?columns=none")).ShouldBeError(400, "INVALID_REQUEST");
        (await Rest.GetAsync($"/api/v1/datasets/{name}/versions/1/preview?limit=1001")).ShouldBeError(400, "INVALID_REQUEST");
    }

    [Fact]
    public async Task Finds_a_version_by_number_tag_and_instant()
    {
        var name = await DatasetAsync("found", ["a", "b"], [1, 2]);
        var at = $"/api/v1/datasets/{name}";
        (await Rest.PostAsync($"{at}/tags", new { tag = "gold" })).ShouldBe(HttpStatusCode.Created);
        await ChangedAsync($"{at}/delete-rows", new { row_ids = new[] { 1 } });
        var first = (await Rest.GetAsync($"{at}/versions/1")).Json;

        (await Rest.GetAsync($"{at}/versions/gold")).Json.Number("version").ShouldBe(1);
        (await Rest.GetAsync($"{at}/versions/{first.Text("created_at")}")).Json.Number("version").ShouldBe(1);
        (await Rest.GetAsync($"{at}/versions/latest")).Json.Number("version").ShouldBe(2);
        foreach (var nothing in new[] { "3", "silver", "2001-01-01T00:00:00Z", "99999999999999999999" })
        {
            (await Rest.GetAsync($"{at}/versions/{nothing}")).ShouldBeError(404, "DATASET_NOT_FOUND");
        }

        (await Rest.GetAsync($"{at}/versions?limit=1")).Headers["X-Next-Page-Token"].ShouldBe("2");
        (await Rest.GetAsync($"{at}/versions?limit=1&page_token=2")).Json.EnumerateArray().Single().Number("version").ShouldBe(1);
        (await Rest.GetAsync($"{at}/versions?page_token=x")).ShouldBeError(400, "INVALID_REQUEST");
    }

    [Fact]
    public async Task Moves_a_tag_only_on_purpose()
    {
        var name = await DatasetAsync("tagged", ["a", "b"], [1, 2]);
        var at = $"/api/v1/datasets/{name}";
        await ChangedAsync($"{at}/delete-rows", new { row_ids = new[] { 0 } });
        await Rest.PostAsync($"{at}/tags", new { tag = "gold", version = 1 });

        (await Rest.PostAsync($"{at}/tags", new { tag = "gold", version = 1 })).ShouldBe(HttpStatusCode.Created);
        (await Rest.PostAsync($"{at}/tags", new { tag = "gold", version = 2 })).ShouldBeError(409, "DATASET_CONFLICT");
        (await Rest.PostAsync($"{at}/tags", new { tag = "gold", version = 2, move = true })).Json.Number("gold").ShouldBe(2);
        (await Rest.DeleteAsync($"{at}/tags/gold")).ShouldBe(HttpStatusCode.NoContent);
        (await Rest.DeleteAsync($"{at}/tags/gold")).ShouldBeError(404, "DATASET_NOT_FOUND");
        (await Rest.PostAsync($"{at}/tags", new { tag = "2024" })).ShouldBeError(400, "INVALID_REQUEST");
        (await platform.EventsAsync($"dataset-{name}")).ShouldBe(
            [nameof(DataIngested), nameof(DatasetChangeRequested), nameof(DatasetVersionCommitted), nameof(DatasetTagged), nameof(DatasetTagged), nameof(DatasetUntagged)]);
    }

    [Fact]
    public async Task Repeats_nothing_under_the_same_key()
    {
        var name = await DatasetAsync("once", ["a", "b"], [1, 2]);
        var key = ("Idempotency-Key", PlatformFixture.Unique("key"));

        var first = await Rest.PostAsync($"/api/v1/datasets/{name}/restore", new { version = 1 }, key);
        var second = await Rest.PostAsync($"/api/v1/datasets/{name}/restore", new { version = 1 }, key);

        second.Json.Text("id").ShouldBe(first.Json.Text("id"));
        await EndedAsync(first);
        (await Rest.GetAsync($"/api/v1/datasets/{name}/versions")).Json.GetArrayLength().ShouldBe(2);
    }

    [Theory]
    [InlineData("delete-rows", """{"where":{"column":"none","op":"=","value":1}}""", "has no column 'none'")]
    [InlineData("delete-rows", """{"where":{"column":"n","op":"=","value":"x"}}""", "whole number")]
    [InlineData("delete-rows", """{"row_ids":[77]}""", "77")]
    [InlineData("drop-columns", """{"columns":["none"]}""", "has no column none")]
    public async Task Ends_a_change_that_cannot_be_made_with_the_reason(string what, string body, string reason)
    {
        var name = await DatasetAsync("bad", ["a"], [1]);

        var change = await EndedAsync(await Rest.PostAsync($"/api/v1/datasets/{name}/{what}", body));

        change.ShouldHaveFailed("INVALID_REQUEST").ShouldContain(reason);
        (await Rest.GetAsync($"/api/v1/datasets/{name}")).Json.Number("version").ShouldBe(1);
    }

    [Theory]
    [InlineData("delete-rows", "{}")]
    [InlineData("delete-rows", """{"row_ids":[]}""")]
    [InlineData("delete-rows", """{"row_ids":[1],"where":{"column":"n","op":"=","value":1}}""")]
    [InlineData("delete-rows", """{"where":{"column":"n","op":"like","value":1}}""")]
    [InlineData("drop-columns", """{"columns":[]}""")]
    [InlineData("restore", "{}")]
    [InlineData("clone", """{"output":"../x"}""")]
    [InlineData("gc", """{"keep_versions":0}""")]
    [InlineData("gc", """{"grace_seconds":-1}""")]
    public async Task Refuses_a_change_that_makes_no_sense(string what, string body)
    {
        var name = await DatasetAsync("sense", ["a"], [1]);

        (await Rest.PostAsync($"/api/v1/datasets/{name}/{what}", body)).ShouldBeError(400, "INVALID_REQUEST");
        (await Rest.PostAsync("/api/v1/datasets/nowhere/compact")).ShouldBeError(404, "DATASET_NOT_FOUND");
    }

    [Fact]
    public async Task Leaves_a_dataset_as_it_is_when_there_is_nothing_to_do()
    {
        var name = await DatasetAsync("same", ["a"], [1]);

        (await EndedAsync(await Rest.PostAsync($"/api/v1/datasets/{name}/compact"))).ShouldBeCompleted().Text("reason").ShouldNotBeNullOrEmpty();
        (await EndedAsync(await Rest.PostAsync($"/api/v1/datasets/{name}/delete-rows", new { where = new { column = "n", op = ">", value = 9 } }))).ShouldBeCompleted().Text("reason")!.ShouldContain("no row");
        (await Rest.GetAsync($"/api/v1/datasets/{name}")).Json.Number("version").ShouldBe(1);
    }

    [Fact]
    public async Task Clones_into_a_name_that_is_free()
    {
        var name = await DatasetAsync("source", ["a", "b"], [1, 2]);
        var clone = PlatformFixture.Unique("clone");

        var change = (await EndedAsync(await Rest.PostAsync($"/api/v1/datasets/{name}/clone", new { output = clone }))).ShouldBeCompleted();

        (change.Text("dataset"), change.Number("version")).ShouldBe((clone, 1));
        (await Rest.GetAsync($"/api/v1/datasets/{clone}/versions/1/preview?columns=n")).Json.GetProperty("rows").GetRawText().ShouldBe("""[{"n":1},{"n":2}]""");
        (await Rest.PostAsync($"/api/v1/datasets/{name}/clone", new { output = clone })).ShouldBeError(409, "DATASET_CONFLICT");
        (await Rest.PostAsync($"/api/v1/datasets/{name}/clone", new { output = clone + "2", version = 9 })).ShouldBeError(404, "DATASET_NOT_FOUND");
    }

    [Fact]
    public async Task Collects_old_versions_but_those_that_are_tagged_or_used()
    {
        var name = await DatasetAsync("old", ["a", "b", "c", "d", "e"], [1, 2, 3, 4, 5]);
        var at = $"/api/v1/datasets/{name}";
        foreach (var row in new[] { 0, 1, 2, 3 })
        {
            await ChangedAsync($"{at}/delete-rows", new { row_ids = new[] { row } });
        }

        await Rest.PostAsync($"{at}/tags", new { tag = "gold", version = 2 });
        var training = await Rest.PostAsync("/api/v1/training-tasks", new { name, input = $"{name}@3", script = "faulty/faulty.py", @params = new { fault = "hang" }, output = name });
        training.ShouldBe(HttpStatusCode.Created);

        var collected = (await EndedAsync(await Rest.PostAsync($"{at}/gc", new { keep_versions = 1, grace_seconds = 0 }))).ShouldBeCompleted();

        collected.GetProperty("expired_versions").GetRawText().ShouldBe("[1,4]");
        (await Rest.GetAsync($"{at}/versions")).Json.EnumerateArray().Select(v => v.Number("version")).ShouldBe([5, 3, 2]);
        (await Rest.GetAsync($"{at}/versions/1")).ShouldBeError(404, "DATASET_NOT_FOUND");
        (await Rest.PostAsync($"{at}/restore", new { version = 1 })).ShouldBeError(404, "DATASET_NOT_FOUND");
        (await Rest.GetAsync($"{at}/versions/gold/preview?columns=n")).Json.GetProperty("rows").GetArrayLength().ShouldBe(4);
        await Rest.PostAsync($"{training.Headers["Location"]}/cancel");
        (await Rest.UntilEndedAsync(training.Headers["Location"])).ShouldHaveFailed("TASK_CANCELLED");
        (await EndedAsync(await Rest.PostAsync($"{at}/gc", new { keep_versions = 1, grace_seconds = 0 }))).GetProperty("expired_versions").GetRawText().ShouldBe("[3]");
    }

    [Fact]
    public async Task Shows_what_it_was_when_it_is_deleted()
    {
        var name = await DatasetAsync("past", ["a", "b"], [1, 2]);
        var at = $"/api/v1/datasets/{name}";
        await Eventually.TrueAsync(
            async () => (await platform.Ledger.ReadStreamAtAsync($"dataset-{name}", await platform.Ledger.HeadAsync(Cancel), Cancel)).Count == 1, "the first version has a position");
        var before = await platform.Ledger.HeadAsync(Cancel);
        await ChangedAsync($"{at}/delete-rows", new { row_ids = new[] { 0 } });
        (await Rest.DeleteAsync(at)).ShouldBe(HttpStatusCode.NoContent);

        (await Rest.GetAsync($"{at}/versions")).ShouldBeError(404, "DATASET_NOT_FOUND");
        (await Rest.GetAsync($"{at}/versions?as_of={before}")).Json.GetArrayLength().ShouldBe(1);
        (await Rest.GetAsync($"{at}/versions/latest?as_of={before}")).Json.Number("num_rows").ShouldBe(2);
        (await Rest.PostAsync($"{at}/compact")).ShouldBeError(404, "DATASET_NOT_FOUND");
    }

    private async Task<JsonElement> ChangedAsync(string path, object? body = null) => (await EndedAsync(await Rest.PostAsync(path, body))).ShouldBeCompleted();

    private async Task<JsonElement> EndedAsync(RestAnswer created)
    {
        created.ShouldBe(HttpStatusCode.Created);
        return await Rest.UntilEndedAsync(created.Headers["Location"]);
    }

    /// <summary>A dataset of two columns in two files, as an ingestion leaves it.</summary>
    private async Task<string> DatasetAsync(string what, string?[] texts, long[] numbers)
    {
        var name = PlatformFixture.Unique(what);
        var staging = platform.NewFolder("staged", name);
        var schema = new ArrowSchema([new ArrowField("s", ArrowType.Of(ArrowKind.Utf8)), new ArrowField("n", ArrowType.Of(ArrowKind.Int64), nullable: false)]);
        using (var writer = ArrowFileWriter.Create(Path.Combine(staging, "part-00000.arrow"), schema))
        {
            var batch = new RecordBatchBuilder(schema);
            for (var i = 0; i < texts.Length; i++)
            {
                batch.Column<Utf8Builder>("s").Append(texts[i]);
                batch.Column<PrimitiveBuilder<long>>("n").Append(numbers[i]);
            }

            writer.Write(batch.Build());
            writer.Finish();
        }

        var version = await platform.Lake.CommitAsync(LakeKind.Dataset, name, staging, new LakeTransaction($"ingest-{name}", "ingest", null), Cancel);
        var ingested = new DataIngested(
            name, 1, $"ingest-{name}", 1, version.Uri, version.Id, version.Path, [.. version.Fields.Select(f => new DatasetField(f.Name, f.Type, f.Nullable))],
            version.NumRows, version.SizeBytes, JsonSerializer.SerializeToElement(new { }), version.CreatedAt);
        await platform.Ledger.AppendAsync($"dataset-{name}", "dataset", 0, [ingested], new EventMetadata("ann", "rest", "c", "c", null), Cancel);
        return name;
    }
}
