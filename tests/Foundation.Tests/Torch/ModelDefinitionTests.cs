using EventMl.Torch;

namespace EventMl.Foundation.Tests.Torch;

[Collection(TorchTests.Name)]
public sealed class ModelDefinitionTests
{
    private const string Json = """
        {"format":"eventml.model/1",
         "layers":[{"type":"conv2d","in_channels":1,"out_channels":4,"kernel_size":3,"stride":1,"padding":0},{"type":"relu"},{"type":"max_pool2d","kernel_size":2},
                   {"type":"flatten"},{"type":"dropout","p":0.25},{"type":"linear","in_features":676,"out_features":10}],
         "input":{"name":"image","shape":[1,28,28],"dtype":"uint8","scale":0.00392156862745098,"mean":[0.286],"std":[0.353]},
         "output":{"kind":"classification","classes":10,"labels":[]}}
        """;

    [Fact]
    public void Names_the_weights_as_PyTorch_does_when_built()
    {
        using var net = ModelDefinition.Parse(Json).Build();
        net.state_dict().Keys.ShouldBe(["0.weight", "0.bias", "5.weight", "5.bias"]);
        using var y = net.forward(torch.zeros(2, 1, 28, 28));
        y.shape.ShouldBe([2L, 10L]);
    }

    [Fact]
    public void Survives_a_round_trip_through_JSON()
    {
        var definition = ModelDefinition.Parse(Json);
        definition.ToJson().ShouldContain("\"in_channels\": 1");
        ModelDefinition.Parse(definition.ToJson()).Hash().ShouldBe(definition.Hash());
    }

    [Theory]
    [InlineData("eventml.model/1", "eventml.model/9", "format is 'eventml.model/9'")]
    [InlineData("\"in_features\":676", "\"in_features\":675", "layers[5].in_features is 675, but [676] arrives")]
    [InlineData("\"in_channels\":1", "\"in_channels\":3", "layers[0].in_channels is 3, but [1, 28, 28] arrives")]
    [InlineData("\"in_channels\":1,", "", "layers[0].in_channels is missing")]
    [InlineData("\"stride\":1", "\"stride\":0", "layers[0].stride is 0")]
    [InlineData("\"kernel_size\":2", "\"kernel_size\":99", "layers[2].kernel_size is 99, larger")]
    [InlineData("\"type\":\"relu\"", "\"type\":\"gelu\"", "layers[1].type 'gelu' is not known")]
    [InlineData("\"type\":\"relu\"", "\"type\":\"relu\",\"p\":0.5", "layers[1].p does not belong to relu")]
    [InlineData("\"type\":\"relu\"", "\"type\":\"relu\",\"q\":0.5", "q")]
    [InlineData("\"p\":0.25", "\"p\":1.5", "layers[4].p is 1.5")]
    [InlineData("{\"type\":\"flatten\"},", "", "layers[4].in_features is 676, but [4, 13, 13] arrives")]
    [InlineData("\"out_features\":10", "\"out_features\":11", "output.classes is 10, but the last layer gives [11]")]
    [InlineData("\"out_features\":10", "\"out_features\":99999999", "layers[5].out_features is 99999999")]
    [InlineData("\"std\":[0.353]", "\"std\":[0]", "input.std must not hold 0")]
    [InlineData("\"mean\":[0.286]", "\"mean\":[1,2]", "input.mean must hold one number or one per channel (1)")]
    [InlineData("\"shape\":[1,28,28]", "\"shape\":[9223372036854775807,9223372036854775807]", "input.shape")]
    [InlineData("\"dtype\":\"uint8\"", "\"dtype\":\"int4\"", "input.dtype is 'int4'")]
    [InlineData("\"labels\":[]", "\"labels\":[\"a\"]", "output.labels")]
    [InlineData("\"layers\":[", "\"layers\":[null,", "layers[0].type")]
    [InlineData("\"classes\":10", "\"classes\":\"x\"", "$.output.classes")]
    public void Names_layer_and_field_when_refused(string part, string changed, string reason) =>
        Should.Throw<TorchException>(() => ModelDefinition.Parse(Json.Replace(part, changed))).Message.ShouldContain(reason);
}
