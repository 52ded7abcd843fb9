namespace EventMl.Lake;

/// <summary>The lake refuses a request or finds its own files damaged; the message says what to do.</summary>
public class LakeException : Exception
{
    /// <summary>An error without a message.</summary>
    public LakeException()
    {
    }

    /// <summary>An error that says what is wrong.</summary>
    public LakeException(string message)
        : base(message)
    {
    }

    /// <summary>An error that says what is wrong and what caused it.</summary>
    public LakeException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
