namespace EventMl.Torch;

/// <summary>A call into libtorch failed, or its native library cannot be used; the message says what to change.</summary>
public class TorchException : Exception
{
    /// <summary>An exception without a message.</summary>
    public TorchException() { }

    /// <summary>An exception with a message that says what to change.</summary>
    public TorchException(string message) : base(message) { }

    /// <summary>An exception with a message and its cause.</summary>
    public TorchException(string message, Exception innerException) : base(message, innerException) { }
}
