using EventMl.Torch;
using static EventMl.Torch.torch;

namespace EventMl.Foundation.Tests.Torch;

[Collection(TorchTests.Name)]
public sealed class DisposeScopeTests
{
    [Fact]
    public void Frees_all_but_the_moved_when_a_scope_ends()
    {
        using var outer = NewDisposeScope();
        Tensor kept, gone;
        using (NewDisposeScope())
        {
            gone = ones(3);
            kept = (gone * 2).MoveToOuterDisposeScope();
        }

        gone.IsInvalid.ShouldBeTrue();
        kept.data<float>()[2].ShouldBe(2);
        outer.DisposablesCount.ShouldBe(1);
    }

    [Fact]
    public void Leaves_detached_tensors_to_their_holder()
    {
        Tensor detached;
        using (NewDisposeScope()) detached = ones(3).DetachFromDisposeScope();
        detached.IsInvalid.ShouldBeFalse();
        detached.Dispose();
    }

    [Fact]
    public void Throws_when_scopes_end_in_the_wrong_order()
    {
        var outer = NewDisposeScope();
        var inner = NewDisposeScope();
        Should.Throw<InvalidOperationException>(outer.Dispose);
        inner.Dispose();
        outer.Dispose();
    }

    [Fact]
    public void Leaks_no_tensor_when_training_many_steps()
    {
        using var net = Samples.SmallCnn().Build();
        using var adam = optim.Adam(net.parameters());
        for (var i = 0; i < 3; i++) Step();
        var before = Tensor.TotalCount;
        for (var i = 0; i < 100; i++) Step();
        Tensor.TotalCount.ShouldBe(before);

        void Step()
        {
            using var scope = NewDisposeScope();
            adam.zero_grad();
            nn.functional.cross_entropy(net.forward(randn(4, 1, 8, 8)), tensor([0L, 1L, 2L, 0L])).backward();
            adam.step();
        }
    }
}
