namespace EventMl.Lake.Formats;

/// <summary>A file is not the IDX data that was expected; the message names the file and what was expected.</summary>
public sealed class IdxFormatException : FormatException
{
    /// <summary>An error without a message.</summary>
    public IdxFormatException()
    {
    }

    /// <summary>An error that says what is wrong.</summary>
    public IdxFormatException(string message)
        : base(message)
    {
    }

    /// <summary>An error that says what is wrong and what caused it.</summary>
    public IdxFormatException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
