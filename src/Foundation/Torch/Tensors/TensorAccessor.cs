using System.Collections;
using EventMl.Torch.Interop;

namespace EventMl.Torch;

/// <summary>Reads a tensor's elements in row-major order, copied from its device on first use.</summary>
public sealed class TensorAccessor<T> : IReadOnlyList<T> where T : unmanaged
{
    private readonly torch.Tensor _tensor;
    private T[]? _copy;

    internal TensorAccessor(torch.Tensor tensor) => _tensor = tensor;

    /// <summary>Number of elements.</summary>
    public int Count => checked((int)_tensor.NumberOfElements);

    /// <summary>The element at a row-major position.</summary>
    public T this[int index] => Copy()[index];

    /// <summary>The elements as a new array.</summary>
    public T[] ToArray()
    {
        var elements = new T[Count];
        CopyTo(elements);
        return elements;
    }

    /// <summary>Copies the elements; the span must have exactly <see cref="Count"/> elements.</summary>
    public unsafe void CopyTo(Span<T> destination)
    {
        fixed (T* data = destination)
            Native.Check(Native.em_tensor_copy_out(_tensor.Handle, (nint)data, (long)destination.Length * sizeof(T)));
    }

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)Copy()).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private T[] Copy() => _copy ??= ToArray();
}
