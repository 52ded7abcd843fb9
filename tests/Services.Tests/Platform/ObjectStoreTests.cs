using System.Net;
using System.Text.Json;
using EventMl.Lake;
using EventMl.Lake.S3;
using EventMl.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Services.Tests.Platform;

/// <summary>The whole platform with its lake in a real S3 server that ignores conditional PUT.</summary>
public sealed class ObjectStorePlatform : PlatformFixture
{
    private readonly string _prefix = $"{Contracts.Ids.New():n}";

    /// <summary>Why there is no object store here; empty where there is one.</summary>
    public string Problem { get; private set; } = "";

    protected override async Task<S3Options?> StoreAsync()
    {
        var (server, problem) = await S3Server.SharedAsync();
        Problem = problem;
        return server is null ? null : new S3Options { Endpoint = server.Address, Bucket = S3Server.Bucket, Prefix = _prefix, AccessKey = S3Server.Key, SecretKey = S3Server.Key };
    }
}

/// <summary>Data to served model while nothing of the lake is on a local disk.</summary>
public sealed class ObjectStoreTests(ObjectStorePlatform platform) : IClassFixture<ObjectStorePlatform>
{
    private RestClient Rest => platform.Rest;

    [Fact]
    public async Task Ingests_trains_promotes_and_serves_when_the_lake_is_in_an_object_store()
    {
        Assert.SkipUnless(platform.Problem.Length == 0, platform.Problem);
        var dataset = await platform.DigitsAsync();
        var definition = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(Path.Combine(PlatformFixture.Samples, "models", "fashion_mlp.json"), TestContext.Current.CancellationToken));
        var trained = (await Rest.RunAsync("/api/v1/training-tasks", new
        {
            name = "mlp", input = dataset, model = definition, output = "mlp", @params = new { epochs = 2, batch_size = 32, learning_rate = 0.001, seed = 1, threads = 1 },
        })).ShouldBeCompleted();
        trained.GetProperty("model").Number("version").ShouldBe(1);
        var judged = await Rest.UntilAsync("/api/v1/models/mlp", m => m.GetProperty("versions").EnumerateArray().Last().Names().Contains("decision_id"));
        judged.Number("champion").ShouldBe(1, judged.ToString());
        judged.Text("storage_path")!.ShouldStartWith("s3://lake/");

        var service = await Rest.PostAsync("/api/v1/inference-services", new { name = "mlp", model = "mlp" });
        service.ShouldBe(HttpStatusCode.Created);
        var path = $"/api/v1/inference-services/{service.Json.Text("id")}";
        await Rest.UntilStatusAsync(path, "running");
        var predicted = await Rest.PostAsync($"{path}/predict", new { image = Convert.ToBase64String(new byte[IdxFolder.Pixels]) });
        predicted.ShouldBe(HttpStatusCode.OK);
        predicted.Json.GetProperty("probabilities").GetArrayLength().ShouldBe(10);

        var version = (await platform.Lake.GetAsync(LakeKind.Dataset, dataset, ct: TestContext.Current.CancellationToken))!;
        version.NumRows.ShouldBe(IdxFolder.TrainRows + IdxFolder.TestRows);
        (await platform.Lake.VerifyAsync(version, TestContext.Current.CancellationToken)).ShouldBeTrue();
        Directory.GetFileSystemEntries(Path.Combine(platform.Folder, "lake")).Select(Path.GetFileName).ShouldBeSubsetOf(["cache", "_work"]);
        ((S3Storage)platform.Services.GetRequiredService<ILakeStorage>()).HasConditionalPut.ShouldBeFalse();
        (await platform.Database.ScalarAsync<long>("select count(*) from eml_lake_commit")).ShouldBeGreaterThan(1);
    }
}
