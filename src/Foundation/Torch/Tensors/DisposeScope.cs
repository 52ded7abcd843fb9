namespace EventMl.Torch;

/// <summary>Disposes the tensors made on this thread since it began, except those moved or detached; scopes nest.</summary>
public sealed class DisposeScope : IDisposable
{
    [ThreadStatic]
    private static DisposeScope? _current;

    private readonly HashSet<torch.Tensor> _tensors = new(ReferenceEqualityComparer.Instance);
    private readonly DisposeScope? _outer;
    private bool _ended;

    internal DisposeScope()
    {
        _outer = _current;
        _current = this;
    }

    internal static DisposeScope? Current => _current;

    internal DisposeScope? Outer => _outer;

    /// <summary>How many tensors this scope will dispose.</summary>
    public int DisposablesCount => _tensors.Count;

    /// <summary>Takes over a tensor from whichever scope has it.</summary>
    public torch.Tensor Attach(torch.Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ObjectDisposedException.ThrowIf(_ended, this);
        tensor.Scope?._tensors.Remove(tensor);
        _tensors.Add(tensor);
        tensor.Scope = this;
        return tensor;
    }

    /// <summary>Gives a tensor to its holder, who disposes it.</summary>
    public torch.Tensor Detach(torch.Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (_tensors.Remove(tensor)) tensor.Scope = null;
        return tensor;
    }

    /// <summary>Moves a tensor to the scope around this one, or detaches it when there is none.</summary>
    public torch.Tensor MoveToOuter(torch.Tensor tensor)
    {
        Detach(tensor);
        return _outer is null ? tensor : _outer.Attach(tensor);
    }

    /// <summary>Disposes what the scope holds, except the given tensors; the scope goes on.</summary>
    public void DisposeEverythingBut(params torch.Tensor[] kept)
    {
        ArgumentNullException.ThrowIfNull(kept);
        foreach (var tensor in _tensors.ToArray())
            if (!kept.Contains(tensor, ReferenceEqualityComparer.Instance)) tensor.Dispose();
    }

    /// <summary>Disposes what the scope holds; the scope goes on.</summary>
    public void DisposeEverything() => DisposeEverythingBut();

    /// <summary>Disposes what the scope holds and makes the one around it current again.</summary>
    public void Dispose()
    {
        if (_ended) return;
        if (!ReferenceEquals(_current, this))
            throw new InvalidOperationException("Dispose scopes end in the reverse order of their beginning, on the thread that began them; an inner scope is still open, or this is another thread.");
        DisposeEverything();
        _ended = true;
        _current = _outer;
    }

    internal void Forget(torch.Tensor tensor) => _tensors.Remove(tensor);
}

public static partial class torch
{
    /// <summary>Begins a scope that disposes this thread's new tensors at its end.</summary>
    public static DisposeScope NewDisposeScope() => new();
}
