using System.Runtime.InteropServices;
using EventMl.Torch.Interop;

namespace EventMl.Torch;

public static partial class torch
{
    private enum Fill { Empty, Zeros, Ones, Randn, Rand }

    /// <summary>A tensor with arbitrary contents.</summary>
    public static Tensor empty(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => New(Fill.Empty, size, dtype, device, requires_grad);

    /// <summary>A tensor of zeros.</summary>
    public static Tensor zeros(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => New(Fill.Zeros, size, dtype, device, requires_grad);

    /// <summary>A tensor of ones.</summary>
    public static Tensor ones(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => New(Fill.Ones, size, dtype, device, requires_grad);

    /// <summary>A tensor of normally distributed numbers (mean 0, deviation 1).</summary>
    public static Tensor randn(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => New(Fill.Randn, size, dtype, device, requires_grad);

    /// <summary>A tensor of numbers uniform in [0, 1).</summary>
    public static Tensor rand(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => New(Fill.Rand, size, dtype, device, requires_grad);

    /// <inheritdoc cref="empty(ReadOnlySpan{long}, ScalarType?, Device?, bool)"/>
    public static Tensor empty(params long[] size) => New(Fill.Empty, size, null, null, false);

    /// <inheritdoc cref="zeros(ReadOnlySpan{long}, ScalarType?, Device?, bool)"/>
    public static Tensor zeros(params long[] size) => New(Fill.Zeros, size, null, null, false);

    /// <inheritdoc cref="ones(ReadOnlySpan{long}, ScalarType?, Device?, bool)"/>
    public static Tensor ones(params long[] size) => New(Fill.Ones, size, null, null, false);

    /// <inheritdoc cref="randn(ReadOnlySpan{long}, ScalarType?, Device?, bool)"/>
    public static Tensor randn(params long[] size) => New(Fill.Randn, size, null, null, false);

    /// <inheritdoc cref="rand(ReadOnlySpan{long}, ScalarType?, Device?, bool)"/>
    public static Tensor rand(params long[] size) => New(Fill.Rand, size, null, null, false);

    /// <summary>A tensor of one repeated value.</summary>
    public static Tensor full(ReadOnlySpan<long> size, double value, ScalarType? dtype = null, Device? device = null)
    {
        Native.Check(Native.em_tensor_full(value, size, size.Length, (int)(dtype ?? ScalarType.Float32), (device ?? CPU).ToString(), out var handle));
        return new Tensor(handle);
    }

    /// <summary>Whole numbers from 0 up to <paramref name="stop"/>, without it.</summary>
    public static Tensor arange(long stop, ScalarType? dtype = null, Device? device = null) => arange(0, stop, 1, dtype ?? ScalarType.Int64, device);

    /// <summary>Numbers from <paramref name="start"/> up to <paramref name="stop"/>, without it, <paramref name="step"/> apart.</summary>
    public static Tensor arange(double start, double stop, double step = 1, ScalarType? dtype = null, Device? device = null)
    {
        Native.Check(Native.em_tensor_arange(start, stop, step, (int)(dtype ?? ScalarType.Float32), (device ?? CPU).ToString(), out var handle));
        return new Tensor(handle);
    }

    /// <summary>A tensor of one number without dimensions.</summary>
    public static Tensor tensor<T>(T value) where T : unmanaged => tensor(new ReadOnlySpan<T>(in value), [], false);

    /// <summary>A one-dimensional copy of an array.</summary>
    public static Tensor tensor<T>(T[] data, bool requires_grad = false) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(data);
        return tensor(data.AsSpan(), [data.Length], requires_grad);
    }

    /// <summary>A copy of an array with the given shape.</summary>
    public static Tensor tensor<T>(T[] data, ReadOnlySpan<long> dimensions, bool requires_grad = false) where T : unmanaged => tensor(data.AsSpan(), dimensions, requires_grad);

    /// <summary>A copy of elements with the given shape, whose product must be their number.</summary>
    public static unsafe Tensor tensor<T>(ReadOnlySpan<T> data, ReadOnlySpan<long> dimensions, bool requires_grad = false) where T : unmanaged
    {
        fixed (T* pointer = data)
        {
            Native.Check(Native.em_tensor_copy_in((nint)pointer, (long)data.Length * sizeof(T), dimensions, dimensions.Length, (int)TypeOf<T>(), out var handle));
            var made = new Tensor(handle);
            if (requires_grad) made.requires_grad = true;
            return made;
        }
    }

    /// <summary>A copy of a .NET array of any rank, with its shape.</summary>
    public static unsafe Tensor from_array(Array array)
    {
        ArgumentNullException.ThrowIfNull(array);
        var shape = Enumerable.Range(0, array.Rank).Select(i => (long)array.GetLength(i)).ToArray();
        var type = array.GetType().GetElementType() switch
        {
            var t when t == typeof(float) => ScalarType.Float32,
            var t when t == typeof(double) => ScalarType.Float64,
            var t when t == typeof(long) => ScalarType.Int64,
            var t when t == typeof(int) => ScalarType.Int32,
            var t when t == typeof(short) => ScalarType.Int16,
            var t when t == typeof(sbyte) => ScalarType.Int8,
            var t when t == typeof(byte) => ScalarType.Byte,
            var t when t == typeof(bool) => ScalarType.Bool,
            var t => throw new ArgumentException($"Tensors hold no elements of type {t?.Name}; nested arrays have no shape, use T[,].", nameof(array)),
        };
        fixed (byte* pointer = &MemoryMarshal.GetArrayDataReference(array))
        {
            Native.Check(Native.em_tensor_copy_in((nint)pointer, array.LongLength * SizeOf(type), shape, shape.Length, (int)type, out var handle));
            return new Tensor(handle);
        }
    }

    /// <summary>Joins tensors along an existing dimension.</summary>
    public static Tensor cat(IReadOnlyList<Tensor> tensors, long dim = 0) => Join(tensors, dim, stack: false);

    /// <summary>Joins tensors of one shape along a new dimension.</summary>
    public static Tensor stack(IReadOnlyList<Tensor> tensors, long dim = 0) => Join(tensors, dim, stack: true);

    /// <summary>The matrix product.</summary>
    public static Tensor matmul(Tensor a, Tensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        return a.matmul(b);
    }

    /// <summary>Whether two tensors of one shape differ nowhere by more than atol + rtol·|b|.</summary>
    public static bool allclose(Tensor a, Tensor b, double rtol = 1e-5, double atol = 1e-8)
    {
        ArgumentNullException.ThrowIfNull(a);
        return a.allclose(b, rtol, atol);
    }

    private static Tensor New(Fill fill, ReadOnlySpan<long> size, ScalarType? dtype, Device? device, bool requires_grad)
    {
        Native.Check(Native.em_tensor_new((int)fill, size, size.Length, (int)(dtype ?? ScalarType.Float32), (device ?? CPU).ToString(), out var handle));
        var made = new Tensor(handle);
        if (requires_grad) made.requires_grad = true;
        return made;
    }

    private static Tensor Join(IReadOnlyList<Tensor> tensors, long dim, bool stack)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        using var handles = new BorrowedHandles(tensors);
        Native.Check(Native.em_join(handles.Pointers, tensors.Count, dim, stack ? 1 : 0, out var joined));
        return new Tensor(joined);
    }
}
