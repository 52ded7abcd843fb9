using System.Net.Http.Json;
using System.Text.Json;
using EventMl.EndToEnd.Tests.Hosting;

namespace EventMl.EndToEnd.Tests;

/// <summary>apache-arrow for JavaScript and python3-torch find in the platform's files and answers what they find by themselves.</summary>
public sealed class PeerTests
{
    private const int Predicted = 100;
    private const double Tolerance = 1e-4;

    [Fact]
    public Task Peers_agree_when_a_small_dataset_went_through_the_platform() => PeersAgreeAsync(600, 200, 2);

    [Fact]
    [Trait("Category", "Deep")]
    public Task Peers_agree_when_all_images_went_through_the_platform() => PeersAgreeAsync(60_000, 10_000, 1);

    private static async Task PeersAgreeAsync(int train, int test, int epochs)
    {
        await using var platform = await Platform.CreateAsync(train, test);
        var host = await platform.StartAsync();
        using var user = new Rest(host);
        var folder = Path.Combine(platform.Data, "small");
        await user.EndedAsync("ingestion-tasks", await user.IngestAsync("in", "images"));
        var dataset = await user.GetAsync("datasets/images");

        var rows = await Peer.NodeAsync("idx-compare.cjs", folder, Path.Combine(dataset.GetProperty("storage_path").GetString()!, "data"));

        rows.GetProperty("rows").GetInt32().ShouldBe(train + test);
        rows.GetProperty("expected").GetInt32().ShouldBe(train + test);
        rows.GetProperty("different").GetInt32().ShouldBe(0, "labels, splits and pixel sums as a reader in Node finds them");

        await user.EndedAsync("training-tasks", await user.TrainAsync("tr", "images", "mlp", new { epochs }), limit: TimeSpan.FromMinutes(8));
        await user.JudgedAsync("mlp");
        var version = Rest.Version(await user.GetAsync("models/mlp"), 1)!.Value;
        var theirs = await Peer.PythonAsync(
            "torch_predict.py", version.GetProperty("storage_path").GetString()!, Path.Combine(folder, "t10k-images-idx3-ubyte.gz"), Path.Combine(folder, "t10k-labels-idx1-ubyte.gz"), $"{Predicted}");
        var ours = version.GetProperty("evaluation").GetProperty("metrics").GetProperty("accuracy").GetDouble() * test;
        Math.Abs(theirs.GetProperty("correct").GetInt32() - ours).ShouldBeLessThanOrEqualTo(1.0001, "correct test images");

        var service = await user.ServeAsync("live", "mlp");
        var difference = await DifferenceAsync(service, SmallImages.Read(folder, "t10k", Predicted), theirs.GetProperty("predictions"));
        difference.ShouldBeLessThanOrEqualTo(Tolerance);
    }

    // TensorFlow Serving's request: raw pixels, since the model carries its own normalisation.
    private static async Task<double> DifferenceAsync(JsonElement service, Images images, JsonElement theirs)
    {
        using var client = new HttpClient { BaseAddress = new Uri(service.GetProperty("endpoint").GetString()!) };
        var instances = Enumerable.Range(0, images.Count).Select(i => images[i].ToArray().Select(p => (int)p).Chunk(28)).ToArray();
        using var answer = await client.PostAsJsonAsync("/v1/models/mlp:predict", new { instances });
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync());
        var ours = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("predictions");
        ours.GetArrayLength().ShouldBe(Predicted);
        return Numbers(ours).Zip(Numbers(theirs), (a, b) => Math.Abs(a - b)).Max();
    }

    private static double[] Numbers(JsonElement rows)
    {
        var numbers = rows.EnumerateArray().SelectMany(r => r.EnumerateArray()).Select(n => n.GetDouble()).ToArray();
        numbers.Length.ShouldBe(Predicted * 10);
        return numbers;
    }
}
