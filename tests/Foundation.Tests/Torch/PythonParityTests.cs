using EventMl.Torch;
using static EventMl.Torch.torch;

namespace EventMl.Foundation.Tests.Torch;

/// <summary>The same weights and batch in python3-torch and here.</summary>
[Collection(TorchTests.Name)]
public sealed class PythonParityTests
{
    [Fact]
    public void Agrees_with_PyTorch_in_forward_loss_gradients_and_optimiser_steps()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var definition = Samples.SmallCnn();
        using var net = definition.Build();
        TrainedModel.Save(folder.Path, definition, net);
        var (x, y) = (randn(6, 1, 8, 8), tensor([0L, 1L, 2L, 2L, 1L, 0L]));
        SafeTensors.Save(folder["batch.safetensors"], new Dictionary<string, Tensor> { ["x"] = x, ["y"] = y });
        TorchFixture.Run("/usr/bin/python3", Path.Combine(TorchFixture.Root, "tests", "Foundation.Tests", "Torch", "peers", "torch_peer.py"), folder.Path);
        var peer = SafeTensors.Load(folder["peer.safetensors"], out var metadata);
        metadata["writer"].ShouldBe("numpy");

        net.eval();
        using (no_grad()) Same(net.forward(x), "logits");
        foreach (var kind in new[] { "adam", "adamw", "sgd" })
        {
            using var trained = definition.Build();
            trained.load_state_dict(SafeTensors.Load(folder["weights.safetensors"]));
            using var optimizer = kind switch
            {
                "adam" => optim.Adam(trained.parameters()),
                "adamw" => (optim.Optimizer)optim.AdamW(trained.parameters()),
                _ => optim.SGD(trained.parameters(), 1e-2, momentum: 0.9),
            };
            manual_seed(11);
            for (var step = 0; step < 2; step++)
            {
                optimizer.zero_grad();
                var loss = nn.functional.cross_entropy(trained.forward(x), y);
                loss.backward();
                if (step == 0 && kind == "adam")
                {
                    Same(loss, "loss");
                    foreach (var (name, parameter) in trained.named_parameters()) Same(parameter.grad!, "grad." + name);
                }

                optimizer.step();
            }

            foreach (var (name, value) in trained.state_dict()) Same(value, $"{kind}.{name}");
        }

        // The same seed gives the same initial weights, to the bit.
        manual_seed(7);
        using var fresh = definition.Build();
        foreach (var (name, value) in fresh.state_dict()) value.equal(peer["init." + name]).ShouldBeTrue(name);

        void Same(Tensor mine, string name) => (mine - peer[name]).abs().max().ToDouble().ShouldBeLessThanOrEqualTo(1e-6, name);
    }
}
