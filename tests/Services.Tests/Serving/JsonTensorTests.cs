using System.Text.Json;
using EventMl.Serving.Predicting;
using EventMl.Services.Tests.Platform;
using EventMl.Testing;
using EventMl.Torch;

namespace EventMl.Services.Tests.Serving;

public sealed class JsonTensorTests(JsonTensorTests.SmallModel small) : IClassFixture<JsonTensorTests.SmallModel>
{
    private static readonly float[] Sample = [1, 2, 3, 4, 5, 6];

    [Theory]
    [InlineData("[[1,2,3,4,5,6]]")]
    [InlineData("[[[1,2,3],[4,5,6]]]")]
    [InlineData("[[[[1,2,3],[4,5,6]]]]")]
    [InlineData("[[[[1],[2],[3]],[[4],[5],[6]]]]")]
    [InlineData("""[{"image":[[1,2,3],[4,5,6]]}]""")]
    [InlineData("""[{"b64":"AQIDBAUG"}]""")]
    public void Reads_a_sample_in_every_shape_that_fits(string json) => Read(json).ShouldBe(Sample);

    [Fact]
    public void Reads_samples_one_after_the_other() => Read("[[1,2,3,4,5,6],[[6,5,4],[3,2,1.5]]]").ShouldBe([1, 2, 3, 4, 5, 6, 6, 5, 4, 3, 2, 1.5f]);

    [Fact]
    public void Reads_a_PNG_when_it_comes_in_base64() =>
        Read($$"""[{"b64":"{{Convert.ToBase64String(TestPng.Grey(3, 2, [1, 2, 3, 4, 5, 6]))}}"}]""").ShouldBe(Sample);

    [Theory]
    [InlineData("[]", "at least one")]
    [InlineData("7", "must be a list")]
    [InlineData("[[1,2,3,4,5]]", "has shape [5]")]
    [InlineData("[[1,2,3,4,5,6],[1,2]]", "Sample 1 has shape [2]")]
    [InlineData("[[[1,2],[3,4],[5,6]]]", "has shape [3, 2]")]
    [InlineData("[[[1,2,3],[4,5]]]", "ragged")]
    [InlineData("[[1,[2],3,4,5,6]]", "ragged")]
    [InlineData("""[[1,2,3,4,5,"6"]]""", "String")]
    [InlineData("[[1,2,3,4,5,null]]", "Null")]
    [InlineData("[[1,2,3,4,5,1e999]]", "finite")]
    [InlineData("[[[[[[[[[[[1]]]]]]]]]]]", "nested")]
    [InlineData("""[{"picture":[1,2,3,4,5,6]}]""", "without")]
    [InlineData("""[{"b64":"AQID"}]""", "3 bytes")]
    [InlineData("""[{"b64":"?"}]""", "base64")]
    [InlineData("[1,2,3,4,5,6]", "Sample 0")]
    public void Names_the_sample_and_what_would_fit_when_it_does_not(string json, string reason) =>
        Should.Throw<InvalidInputException>(() => Read(json)).Message.ShouldContain(reason);

    [Fact]
    public void Answers_with_probabilities_that_the_weights_give()
    {
        var rows = small.Model.Predict(Read("[[0,0,0,0,0,0],[1,2,3,4,5,6]]"));

        rows.Length.ShouldBe(2);
        rows.ShouldAllBe(r => Math.Abs(r.Sum() - 1) < 1e-5);
        rows[0].ShouldNotBe(rows[1]);
    }

    private float[] Read(string json) => JsonTensor.Samples(small.Model, JsonSerializer.Deserialize<JsonElement>(json));

    /// <summary>Two classes of 2 × 3 grey pixels.</summary>
    public sealed class SmallModel : IAsyncLifetime
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("eventml-tensor-").FullName;

        internal RunningModel Model { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await TestTorch.EnsureNativeAsync();
            var definition = new ModelDefinition
            {
                Layers = [new() { Type = "flatten" }, new() { Type = "linear", InFeatures = 6, OutFeatures = 2 }],
                Input = new() { Shape = [1, 2, 3], Scale = 0.1 },
                Output = new() { Classes = 2 },
            };
            using (var network = definition.Build())
            {
                TrainedModel.Save(_folder, definition, network);
            }

            Model = new RunningModel("small", 1, TrainedModel.Load(_folder));
        }

        public ValueTask DisposeAsync()
        {
            Model.Dispose();
            Directory.Delete(_folder, recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
