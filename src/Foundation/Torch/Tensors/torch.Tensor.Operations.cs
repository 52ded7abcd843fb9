using EventMl.Torch.Interop;

namespace EventMl.Torch;

// Names and meanings are PyTorch's; shapes that do not fit give a TorchException with libtorch's message.
#pragma warning disable CS1591
public static partial class torch
{
    private enum Unary { Neg, Exp, Log, Sqrt, Relu, Abs, Sigmoid, Tanh, Clone, Detach, Contiguous, IsFinite }

    private enum Binary { Add, Sub, Mul, Div, Pow, Matmul, Eq, Ne, Lt, Le, Gt, Ge }

    private enum Reduction { Sum, Mean, Max, Min, Argmax, Argmin }

    private enum InPlace { Add, Sub, Mul, Div, Copy }

    public partial class Tensor
    {
        public Tensor neg() => Apply(Unary.Neg);
        public Tensor exp() => Apply(Unary.Exp);
        public Tensor log() => Apply(Unary.Log);
        public Tensor sqrt() => Apply(Unary.Sqrt);
        public Tensor relu() => Apply(Unary.Relu);
        public Tensor abs() => Apply(Unary.Abs);
        public Tensor sigmoid() => Apply(Unary.Sigmoid);
        public Tensor tanh() => Apply(Unary.Tanh);
        public Tensor clone() => Apply(Unary.Clone);
        public Tensor detach() => Apply(Unary.Detach);
        public Tensor contiguous() => Apply(Unary.Contiguous);
        public Tensor isfinite() => Apply(Unary.IsFinite);

        public Tensor add(Tensor other) => Apply(Binary.Add, other);
        public Tensor sub(Tensor other) => Apply(Binary.Sub, other);
        public Tensor mul(Tensor other) => Apply(Binary.Mul, other);
        public Tensor div(Tensor other) => Apply(Binary.Div, other);
        public Tensor pow(Tensor other) => Apply(Binary.Pow, other);
        public Tensor pow(double exponent) => Apply(Binary.Pow, exponent);
        public Tensor matmul(Tensor other) => Apply(Binary.Matmul, other);
        public Tensor mm(Tensor other) => Apply(Binary.Matmul, other);
        public Tensor eq(Tensor other) => Apply(Binary.Eq, other);
        public Tensor ne(Tensor other) => Apply(Binary.Ne, other);
        public Tensor lt(Tensor other) => Apply(Binary.Lt, other);
        public Tensor le(Tensor other) => Apply(Binary.Le, other);
        public Tensor gt(Tensor other) => Apply(Binary.Gt, other);
        public Tensor ge(Tensor other) => Apply(Binary.Ge, other);
        public Tensor eq(double value) => Apply(Binary.Eq, value);
        public Tensor ne(double value) => Apply(Binary.Ne, value);
        public Tensor lt(double value) => Apply(Binary.Lt, value);
        public Tensor gt(double value) => Apply(Binary.Gt, value);

        public static Tensor operator -(Tensor a) => a.Apply(Unary.Neg);
        public static Tensor operator +(Tensor a, Tensor b) => a.Apply(Binary.Add, b);
        public static Tensor operator -(Tensor a, Tensor b) => a.Apply(Binary.Sub, b);
        public static Tensor operator *(Tensor a, Tensor b) => a.Apply(Binary.Mul, b);
        public static Tensor operator /(Tensor a, Tensor b) => a.Apply(Binary.Div, b);
        public static Tensor operator +(Tensor a, double b) => a.Apply(Binary.Add, b);
        public static Tensor operator +(double a, Tensor b) => b.Apply(Binary.Add, a);
        public static Tensor operator -(Tensor a, double b) => a.Apply(Binary.Sub, b);
        public static Tensor operator -(double a, Tensor b) => b.Apply(Binary.Sub, a, reversed: true);
        public static Tensor operator *(Tensor a, double b) => a.Apply(Binary.Mul, b);
        public static Tensor operator *(double a, Tensor b) => b.Apply(Binary.Mul, a);
        public static Tensor operator /(Tensor a, double b) => a.Apply(Binary.Div, b);
        public static Tensor operator /(double a, Tensor b) => b.Apply(Binary.Div, a, reversed: true);

        public Tensor sum() => Reduce(Reduction.Sum, [], false);
        public Tensor sum(long dim, bool keepdim = false) => Reduce(Reduction.Sum, [dim], keepdim);
        public Tensor sum(ReadOnlySpan<long> dims, bool keepdim = false) => Reduce(Reduction.Sum, dims, keepdim);
        public Tensor mean() => Reduce(Reduction.Mean, [], false);
        public Tensor mean(ReadOnlySpan<long> dims, bool keepdim = false) => Reduce(Reduction.Mean, dims, keepdim);
        public Tensor max() => Reduce(Reduction.Max, [], false);
        public Tensor amax(ReadOnlySpan<long> dims, bool keepdim = false) => Reduce(Reduction.Max, dims, keepdim);
        public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false) => (Reduce(Reduction.Max, [dim], keepdim), Reduce(Reduction.Argmax, [dim], keepdim));
        public Tensor min() => Reduce(Reduction.Min, [], false);
        public Tensor argmax() => Reduce(Reduction.Argmax, [], false);
        public Tensor argmax(long dim, bool keepdim = false) => Reduce(Reduction.Argmax, [dim], keepdim);
        public Tensor argmin() => Reduce(Reduction.Argmin, [], false);
        public Tensor argmin(long dim, bool keepdim = false) => Reduce(Reduction.Argmin, [dim], keepdim);

        public Tensor add_(Tensor other) => Change(InPlace.Add, other);
        public Tensor sub_(Tensor other) => Change(InPlace.Sub, other);
        public Tensor mul_(Tensor other) => Change(InPlace.Mul, other);
        public Tensor div_(Tensor other) => Change(InPlace.Div, other);
        public Tensor copy_(Tensor source) => Change(InPlace.Copy, source);
        public Tensor zero_() => fill_(0);

        public Tensor fill_(double value)
        {
            Native.Check(Native.em_inplace_fill(_handle, value));
            return this;
        }

        public Tensor softmax(long dim) => Made(Native.em_softmax(_handle, dim, 0, out var h), h);
        public Tensor log_softmax(long dim) => Made(Native.em_softmax(_handle, dim, 1, out var h), h);
        public Tensor reshape(params ReadOnlySpan<long> shape) => Made(Native.em_reshape(_handle, shape, shape.Length, 0, out var h), h);
        public Tensor view(params ReadOnlySpan<long> shape) => Made(Native.em_reshape(_handle, shape, shape.Length, 1, out var h), h);
        public Tensor expand(params ReadOnlySpan<long> shape) => Made(Native.em_expand(_handle, shape, shape.Length, out var h), h);
        public Tensor permute(params ReadOnlySpan<long> dims) => Made(Native.em_permute(_handle, dims, dims.Length, out var h), h);
        public Tensor transpose(long dim0, long dim1) => Made(Native.em_transpose(_handle, dim0, dim1, out var h), h);
        public Tensor t() => transpose(0, 1);
        public Tensor slice(long dim, long start, long finish, long step = 1) => Made(Native.em_slice(_handle, dim, start, finish, step, out var h), h);
        public Tensor narrow(long dim, long start, long length) => slice(dim, start, checked(start + length));
        public Tensor select(long dim, long index) => Made(Native.em_select(_handle, dim, index, out var h), h);
        public Tensor index_select(long dim, Tensor index) => Made(Native.em_index_select(_handle, dim, Of(index), out var h), h);
        public Tensor flatten(long start_dim = 0, long end_dim = -1) => Made(Native.em_flatten(_handle, start_dim, end_dim, out var h), h);
        public Tensor squeeze(long dim) => Made(Native.em_squeeze(_handle, dim, 0, out var h), h);
        public Tensor unsqueeze(long dim) => Made(Native.em_squeeze(_handle, dim, 1, out var h), h);

        public Tensor this[long index] => select(0, index);

        public Tensor to(Device device)
        {
            ArgumentNullException.ThrowIfNull(device);
            return Made(Native.em_tensor_to(_handle, device.ToString(), -1, out var h), h);
        }

        public Tensor to(ScalarType type) => to_type(type);
        public Tensor to_type(ScalarType type) => Made(Native.em_tensor_to(_handle, null, (int)type, out var h), h);
        public Tensor @float() => to_type(ScalarType.Float32);
        public Tensor @long() => to_type(ScalarType.Int64);
        public Tensor cpu() => to(CPU);
        public Tensor cuda() => to(CUDA);

        public bool equal(Tensor other)
        {
            Native.Check(Native.em_equal(_handle, Of(other), out var same));
            return same != 0;
        }

        public bool allclose(Tensor other, double rtol = 1e-5, double atol = 1e-8)
        {
            Native.Check(Native.em_allclose(_handle, Of(other), rtol, atol, out var close));
            return close != 0;
        }

        internal static Tensor Made(int result, nint handle)
        {
            Native.Check(result);
            return new Tensor(handle);
        }

        private static TensorHandle Of(Tensor other)
        {
            ArgumentNullException.ThrowIfNull(other);
            return other._handle;
        }

        private Tensor Apply(Unary op) => Made(Native.em_unary((int)op, _handle, out var h), h);
        private Tensor Apply(Binary op, Tensor other) => Made(Native.em_binary((int)op, _handle, Of(other), out var h), h);
        private Tensor Apply(Binary op, double value, bool reversed = false) => Made(Native.em_binary_scalar((int)op, _handle, value, reversed ? 1 : 0, out var h), h);
        private Tensor Reduce(Reduction op, ReadOnlySpan<long> dims, bool keepdim) => Made(Native.em_reduce((int)op, _handle, dims, dims.Length, keepdim ? 1 : 0, out var h), h);

        private Tensor Change(InPlace op, Tensor other)
        {
            Native.Check(Native.em_inplace((int)op, _handle, Of(other)));
            return this;
        }
    }
}
