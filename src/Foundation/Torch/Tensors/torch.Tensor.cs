using System.Runtime.CompilerServices;
using EventMl.Torch.Interop;

namespace EventMl.Torch;

public static partial class torch
{
    /// <summary>A libtorch tensor. It belongs to the current <see cref="DisposeScope"/>, else to whoever disposes it (the GC as the last resort).</summary>
    public partial class Tensor : IDisposable
    {
        private readonly TensorHandle _handle;

        internal Tensor(nint handle)
        {
            _handle = new TensorHandle(handle);
            DisposeScope.Current?.Attach(this);
        }

        // Another owner of the same native tensor.
        private protected Tensor(Tensor source)
        {
            _handle = source._handle;
            source.Scope?.Detach(source);
        }

        /// <summary>Tensors alive in this process, counted by handle.</summary>
        public static long TotalCount => TensorHandle.Live;

        /// <summary>The most tensors that were ever alive at once.</summary>
        public static long PeakCount => TensorHandle.Peak;

        /// <summary>Whether the native tensor is gone.</summary>
        public bool IsInvalid => _handle.IsClosed;

        /// <summary>Lengths of the dimensions.</summary>
        public long[] shape
        {
            get
            {
                var lengths = new long[Info.Dim];
                Native.Check(Native.em_tensor_shape(_handle, lengths, lengths.Length));
                return lengths;
            }
        }

        /// <summary>Element type.</summary>
        public ScalarType dtype => (ScalarType)Info.Dtype;

        /// <summary>Where the elements live.</summary>
        public Device device => Info is { DeviceType: 0 } ? CPU : new Device($"cuda:{Info.DeviceIndex}");

        /// <summary>Number of dimensions.</summary>
        public long ndim => Info.Dim;

        /// <summary>Number of elements.</summary>
        public long NumberOfElements => Info.Numel;

        /// <summary>Whether the elements lie in row-major order without gaps.</summary>
        public bool is_contiguous() => (Info.Flags & TensorInfo.Contiguous) != 0;

        /// <summary>Whether the tensor was made by hand rather than by a recorded operation.</summary>
        public bool is_leaf => (Info.Flags & TensorInfo.Leaf) != 0;

        /// <summary>Whether operations on the tensor are recorded for gradients.</summary>
        public bool requires_grad
        {
            get => (Info.Flags & TensorInfo.RequiresGrad) != 0;
            set => Native.Check(Native.em_requires_grad(_handle, value ? 1 : 0));
        }

        /// <summary>The gradient of the last <see cref="backward"/>, or null.</summary>
        public Tensor? grad
        {
            get
            {
                Native.Check(Native.em_grad(_handle, out var gradient));
                return gradient == 0 ? null : new Tensor(gradient);
            }
        }

        /// <summary>The elements as bytes in place, of a contiguous CPU tensor; valid only while the tensor lives.</summary>
        public unsafe Span<byte> bytes
        {
            get
            {
                Native.Check(Native.em_tensor_data(_handle, out var data));
                var info = Info;
                return new Span<byte>((void*)data, checked((int)(info.Numel * SizeOf((ScalarType)info.Dtype))));
            }
        }

        internal TensorHandle Handle => _handle;

        internal DisposeScope? Scope { get; set; }

        private TensorInfo Info
        {
            get
            {
                Native.Check(Native.em_tensor_info(_handle, out var info));
                return info;
            }
        }

        /// <summary>Length of a dimension; negative counts from the end.</summary>
        public long size(int dim) => shape[dim < 0 ? dim + (int)ndim : dim];

        /// <summary>Computes the gradients of everything this tensor came from; a tensor with more than one element needs <paramref name="gradient"/>.</summary>
        public void backward(Tensor? gradient = null) => Native.Check(Native.em_backward(_handle, gradient?._handle ?? TensorHandle.None));

        /// <summary>Sets <see cref="requires_grad"/> and returns this.</summary>
        public Tensor requires_grad_(bool on = true)
        {
            requires_grad = on;
            return this;
        }

        /// <summary>The one element of a tensor, converted to <typeparamref name="T"/>.</summary>
        public T item<T>() where T : unmanaged
        {
            if (dtype is ScalarType.Float16 or ScalarType.Float32 or ScalarType.Float64 or ScalarType.BFloat16)
            {
                Native.Check(Native.em_tensor_item_f64(_handle, out var real));
                return Convert<double, T>(real);
            }

            Native.Check(Native.em_tensor_item_i64(_handle, out var whole));
            return Convert<long, T>(whole);
        }

        /// <summary>The one element as a float.</summary>
        public float ToSingle() => item<float>();

        /// <summary>The one element as a double.</summary>
        public double ToDouble() => item<double>();

        /// <summary>The one element as a long.</summary>
        public long ToInt64() => item<long>();

        /// <summary>Reads the elements in row-major order; <typeparamref name="T"/> must be the element type.</summary>
        public TensorAccessor<T> data<T>() where T : unmanaged
        {
            if (TypeOf<T>() != dtype) throw new TorchException($"The tensor holds {dtype}, not {typeof(T).Name}; convert it with to_type first.");
            return new TensorAccessor<T>(this);
        }

        /// <summary>Lets the outer scope dispose this tensor.</summary>
        public Tensor MoveToOuterDisposeScope() => Scope is null ? this : Scope.MoveToOuter(this);

        /// <summary>Leaves the disposal of this tensor to its holder.</summary>
        public Tensor DetachFromDisposeScope() => Scope is null ? this : Scope.Detach(this);

        /// <summary>Frees the native tensor.</summary>
        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        /// <summary>Frees the native tensor.</summary>
        protected virtual void Dispose(bool disposing)
        {
            if (!disposing) return;
            Scope?.Forget(this);
            Scope = null;
            _handle.Dispose();
        }

        /// <inheritdoc/>
        public override string ToString() => IsInvalid ? "tensor (disposed)" : $"[{string.Join('x', shape)}], type = {dtype}, device = {device}";

        private static TTo Convert<TFrom, TTo>(TFrom value) where TFrom : unmanaged where TTo : unmanaged
        {
            if (typeof(TTo) == typeof(bool))
            {
                var truth = !EqualityComparer<TFrom>.Default.Equals(value, default);
                return Unsafe.As<bool, TTo>(ref truth);
            }

            return (TTo)System.Convert.ChangeType(value, typeof(TTo), System.Globalization.CultureInfo.InvariantCulture);
        }
    }
}
