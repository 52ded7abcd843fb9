namespace EventMl.Arrow;

/// <summary>The bytes are not Arrow IPC data this reader can trust or understand; the message says what is wrong and where.</summary>
public sealed class ArrowFormatException : FormatException
{
    /// <summary>An error without a message.</summary>
    public ArrowFormatException()
    {
    }

    /// <summary>An error that says what is wrong.</summary>
    public ArrowFormatException(string message)
        : base(message)
    {
    }

    /// <summary>An error that says what is wrong and what caused it.</summary>
    public ArrowFormatException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
