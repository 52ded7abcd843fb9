namespace EventMl.Torch.Interop;

/// <summary>Keeps several tensors alive while native code uses their pointers.</summary>
internal sealed class BorrowedHandles : IDisposable
{
    private readonly List<TensorHandle> _held;

    public BorrowedHandles(IReadOnlyCollection<torch.Tensor> tensors)
    {
        _held = new List<TensorHandle>(tensors.Count);
        Pointers = new nint[tensors.Count];
        try
        {
            foreach (var tensor in tensors)
            {
                var added = false;
                tensor.Handle.DangerousAddRef(ref added);
                Pointers[_held.Count] = tensor.Handle.DangerousGetHandle();
                _held.Add(tensor.Handle);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public nint[] Pointers { get; }

    public void Dispose()
    {
        foreach (var handle in _held) handle.DangerousRelease();
        _held.Clear();
    }
}
