using EventMl.Torch;
using static EventMl.Torch.torch;

namespace EventMl.Foundation.Tests.Torch;

[Collection(TorchTests.Name)]
public sealed class TensorTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Computes_element_by_element_when_tensors_and_numbers_mix()
    {
        var x = tensor([1f, 2f, 4f]);
        (x + x * 2 - 1).data<float>().ToArray().ShouldBe([2f, 5f, 11f]);
        (1 / x).data<float>().ToArray().ShouldBe([1f, 0.5f, 0.25f]);
        (10 - x).data<float>().ToArray().ShouldBe([9f, 8f, 6f]);
        (-x).pow(2).sqrt().data<float>().ToArray().ShouldBe([1f, 2f, 4f]);
        x.log().exp().allclose(x).ShouldBeTrue();
        x.gt(1.5).data<bool>().ToArray().ShouldBe([false, true, true]);
    }

    [Fact]
    public void Keeps_integers_when_a_whole_number_is_added()
    {
        var sum = arange(3) + 2;
        sum.dtype.ShouldBe(int64);
        sum.data<long>().ToArray().ShouldBe([2L, 3L, 4L]);
    }

    [Fact]
    public void Reduces_over_the_asked_dimensions()
    {
        var x = from_array(new float[,] { { 1, 5, 3 }, { 9, 2, 4 } });
        x.sum().ToSingle().ShouldBe(24);
        x.mean([1]).data<float>().ToArray().ShouldBe([3f, 5f]);
        x.argmax(1).data<long>().ToArray().ShouldBe([1L, 0L]);
        x.max(0).values.data<float>().ToArray().ShouldBe([9f, 5f, 4f]);
        x.sum(0, keepdim: true).shape.ShouldBe([1L, 3L]);
        x.softmax(1).sum(1).data<float>().ToArray().ShouldAllBe(v => Math.Abs(v - 1) < 1e-6);
        x.log_softmax(1).exp().allclose(x.softmax(1)).ShouldBeTrue();
    }

    [Fact]
    public void Rearranges_without_changing_elements()
    {
        var x = arange(24).reshape(2, 3, 4);
        x.permute(2, 0, 1).shape.ShouldBe([4L, 2L, 3L]);
        x.transpose(0, 2).shape.ShouldBe([4L, 3L, 2L]);
        x.flatten(1).shape.ShouldBe([2L, 12L]);
        x.slice(2, 1, 4, 2)[1][2].data<long>().ToArray().ShouldBe([21L, 23L]);
        x.index_select(0, tensor([1L])).data<long>()[0].ShouldBe(12);
        cat([x, x], 1).shape.ShouldBe([2L, 6L, 4L]);
        stack([x, x]).shape.ShouldBe([2L, 2L, 3L, 4L]);
        x.unsqueeze(0).squeeze(0).view(24).equal(arange(24)).ShouldBeTrue();
        x.permute(2, 1, 0).data<long>().ToArray().Take(3).ShouldBe([0L, 12L, 4L]);
    }

    [Fact]
    public void Gives_gradients_when_backward_was_called()
    {
        var x = tensor([2f, 3f], requires_grad: true);
        (x * x * 3).sum().backward();
        x.grad!.data<float>().ToArray().ShouldBe([12f, 18f]);
        using (no_grad()) (x * 2).requires_grad.ShouldBeFalse();
        (x * 2).requires_grad.ShouldBeTrue();
    }

    [Fact]
    public void Refuses_training_when_a_tensor_was_made_in_inference_mode()
    {
        Tensor made;
        using (inference_mode()) made = ones(2);
        Should.Throw<TorchException>(() => made.requires_grad = true);
    }

    [Fact]
    public void Throws_with_both_shapes_when_they_do_not_fit() =>
        Should.Throw<TorchException>(() => ones(2, 3).matmul(ones(2, 3))).Message.ShouldContain("2x3");

    [Fact]
    public void Throws_when_elements_and_shape_differ_in_number() =>
        Should.Throw<TorchException>(() => tensor([1f, 2f], [3])).Message.ShouldContain("8");

    [Fact]
    public void Throws_when_read_as_another_type() => Should.Throw<TorchException>(() => ones(2).data<double>());

    [Fact]
    public void Throws_when_used_after_disposal()
    {
        var x = ones(2);
        x.Dispose();
        Should.Throw<ObjectDisposedException>(() => x.sum());
    }

    [Fact]
    public void Throws_when_a_label_is_no_class() =>
        Should.Throw<TorchException>(() => nn.functional.cross_entropy(randn(2, 3), tensor([0L, 3L]))).Message.ShouldContain("3");

    [Fact]
    public void Says_what_to_do_when_cuda_is_asked_of_a_cpu_machine()
    {
        Assert.SkipWhen(cuda.is_available(), "There is a CUDA device.");
        Should.Throw<TorchException>(() => ones([2], device: "cuda:0")).Message.ShouldContain("EVENTML_TORCH_ROOT");
        device("auto").ShouldBe(CPU);
        Should.Throw<ArgumentException>(() => device("tpu"));
    }

    [Fact]
    public void Repeats_random_numbers_when_the_state_is_restored()
    {
        manual_seed(3);
        var state = get_rng_state();
        var first = randn(5);
        set_rng_state(state);
        randn(5).equal(first).ShouldBeTrue();
        Should.Throw<TorchException>(() => set_rng_state([1, 2, 3]));
    }
}
