using System.Runtime.InteropServices;

namespace EventMl.Torch.Interop;

/// <summary>The C ABI of native/eventml_torch.h, name for name; <see cref="Check"/> turns -1 into an exception.</summary>
internal static partial class Native
{
    public const string Library = "eventml_torch";

    public static void Check(int result)
    {
        if (result != 0) throw new TorchException(Marshal.PtrToStringUTF8(em_last_error()) ?? "libtorch failed without a message");
    }

    [LibraryImport(Library)]
    public static partial nint em_last_error();

    [LibraryImport(Library)]
    public static partial int em_version(Span<byte> buffer, int capacity);

    [LibraryImport(Library)]
    public static partial int em_set_threads(int threads);

    [LibraryImport(Library)]
    public static partial int em_get_threads(out int threads);

    [LibraryImport(Library)]
    public static partial int em_manual_seed(ulong seed);

    [LibraryImport(Library)]
    public static partial int em_deterministic(int on);

    [LibraryImport(Library)]
    public static partial int em_flush_denormal(int on);

    [LibraryImport(Library)]
    public static partial int em_cuda_count(out int count);

    [LibraryImport(Library)]
    public static partial int em_grad_mode(int on, out int previous);

    [LibraryImport(Library)]
    public static partial int em_inference_begin(out nint guard);

    [LibraryImport(Library)]
    public static partial int em_inference_end(nint guard);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int em_rng_get(string? device, out nint result);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int em_rng_set(string? device, TensorHandle state);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int em_tensor_new(int fill, ReadOnlySpan<long> shape, int dim, int dtype, string? device, out nint result);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int em_tensor_full(double value, ReadOnlySpan<long> shape, int dim, int dtype, string? device, out nint result);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int em_tensor_arange(double start, double end, double step, int dtype, string? device, out nint result);

    [LibraryImport(Library)]
    public static partial int em_tensor_copy_in(nint data, long bytes, ReadOnlySpan<long> shape, int dim, int dtype, out nint result);

    [LibraryImport(Library)]
    public static partial int em_tensor_copy_out(TensorHandle t, nint data, long bytes);

    [LibraryImport(Library)]
    public static partial int em_tensor_data(TensorHandle t, out nint data);

    [LibraryImport(Library)]
    public static partial int em_tensor_info(TensorHandle t, out TensorInfo info);

    [LibraryImport(Library)]
    public static partial int em_tensor_shape(TensorHandle t, Span<long> shape, int capacity);

    [LibraryImport(Library)]
    public static partial int em_tensor_item_f64(TensorHandle t, out double value);

    [LibraryImport(Library)]
    public static partial int em_tensor_item_i64(TensorHandle t, out long value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int em_tensor_to(TensorHandle t, string? device, int dtype, out nint result);

    [LibraryImport(Library)]
    public static partial int em_tensor_free(nint t);

    [LibraryImport(Library)]
    public static partial int em_unary(int op, TensorHandle a, out nint result);

    [LibraryImport(Library)]
    public static partial int em_binary(int op, TensorHandle a, TensorHandle b, out nint result);

    [LibraryImport(Library)]
    public static partial int em_binary_scalar(int op, TensorHandle a, double b, int reversed, out nint result);

    [LibraryImport(Library)]
    public static partial int em_reduce(int op, TensorHandle a, ReadOnlySpan<long> dims, int count, int keepdim, out nint result);

    [LibraryImport(Library)]
    public static partial int em_inplace(int op, TensorHandle a, TensorHandle b);

    [LibraryImport(Library)]
    public static partial int em_inplace_fill(TensorHandle a, double value);

    [LibraryImport(Library)]
    public static partial int em_reshape(TensorHandle a, ReadOnlySpan<long> shape, int dim, int viewOnly, out nint result);

    [LibraryImport(Library)]
    public static partial int em_expand(TensorHandle a, ReadOnlySpan<long> shape, int dim, out nint result);

    [LibraryImport(Library)]
    public static partial int em_permute(TensorHandle a, ReadOnlySpan<long> dims, int count, out nint result);

    [LibraryImport(Library)]
    public static partial int em_transpose(TensorHandle a, long dim0, long dim1, out nint result);

    [LibraryImport(Library)]
    public static partial int em_slice(TensorHandle a, long dim, long start, long end, long step, out nint result);

    [LibraryImport(Library)]
    public static partial int em_select(TensorHandle a, long dim, long index, out nint result);

    [LibraryImport(Library)]
    public static partial int em_index_select(TensorHandle a, long dim, TensorHandle index, out nint result);

    [LibraryImport(Library)]
    public static partial int em_flatten(TensorHandle a, long start, long end, out nint result);

    [LibraryImport(Library)]
    public static partial int em_squeeze(TensorHandle a, long dim, int add, out nint result);

    [LibraryImport(Library)]
    public static partial int em_join(ReadOnlySpan<nint> tensors, int count, long dim, int stack, out nint result);

    [LibraryImport(Library)]
    public static partial int em_softmax(TensorHandle a, long dim, int log, out nint result);

    [LibraryImport(Library)]
    public static partial int em_equal(TensorHandle a, TensorHandle b, out int same);

    [LibraryImport(Library)]
    public static partial int em_allclose(TensorHandle a, TensorHandle b, double rtol, double atol, out int close);

    [LibraryImport(Library)]
    public static partial int em_requires_grad(TensorHandle a, int on);

    [LibraryImport(Library)]
    public static partial int em_grad(TensorHandle a, out nint result);

    [LibraryImport(Library)]
    public static partial int em_zero_grad(TensorHandle a);

    [LibraryImport(Library)]
    public static partial int em_backward(TensorHandle a, TensorHandle gradientOrNull);

    [LibraryImport(Library)]
    public static partial int em_linear(TensorHandle x, TensorHandle w, TensorHandle bOrNull, out nint result);

    [LibraryImport(Library)]
    public static partial int em_conv2d(TensorHandle x, TensorHandle w, TensorHandle bOrNull, ReadOnlySpan<long> stride, ReadOnlySpan<long> padding, ReadOnlySpan<long> dilation, long groups, out nint result);

    [LibraryImport(Library)]
    public static partial int em_max_pool2d(TensorHandle x, ReadOnlySpan<long> kernel, ReadOnlySpan<long> stride, ReadOnlySpan<long> padding, out nint result);

    [LibraryImport(Library)]
    public static partial int em_dropout(TensorHandle x, double p, int training, out nint result);

    [LibraryImport(Library)]
    public static partial int em_batch_norm(TensorHandle x, TensorHandle wOrNull, TensorHandle bOrNull, TensorHandle meanOrNull, TensorHandle varOrNull, int training, double momentum, double eps, out nint result);

    [LibraryImport(Library)]
    public static partial int em_cross_entropy(TensorHandle logits, TensorHandle labels, out nint result);

    [LibraryImport(Library)]
    public static partial int em_mse_loss(TensorHandle x, TensorHandle y, out nint result);

    [LibraryImport(Library)]
    public static partial int em_count_correct(TensorHandle logits, TensorHandle labels, out long correct);

    [LibraryImport(Library)]
    public static partial int em_init_uniform(TensorHandle t, double low, double high);

    [LibraryImport(Library)]
    public static partial int em_init_kaiming_uniform(TensorHandle t, double a);

    [LibraryImport(Library)]
    public static partial int em_optim_new(int kind, ReadOnlySpan<nint> parameters, int count, double lr, double m1, double m2, double eps, double weightDecay, int nesterov, out nint result);

    [LibraryImport(Library)]
    public static partial int em_optim_free(nint o);

    [LibraryImport(Library)]
    public static partial int em_optim_zero_grad(OptimizerHandle o);

    [LibraryImport(Library)]
    public static partial int em_optim_step(OptimizerHandle o);

    [LibraryImport(Library)]
    public static partial int em_optim_set_lr(OptimizerHandle o, double lr);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int em_optim_get(OptimizerHandle o, int parameter, string? name, out nint result);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int em_optim_set(OptimizerHandle o, int parameter, string? name, TensorHandle value);
}
