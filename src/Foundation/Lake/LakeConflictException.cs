namespace EventMl.Lake;

/// <summary>What it means for a commit that somebody else committed since the version it was based on.</summary>
public enum LakeConflict
{
    /// <summary>Both can stand: the later one is put on top of the earlier without asking anybody.</summary>
    Rebasable,

    /// <summary>The work must be done again from the latest version, and can be.</summary>
    Retryable,

    /// <summary>The other change took away what the work was about; somebody must decide.</summary>
    Incompatible,
}

/// <summary>A commit lost against another; nothing of it is visible, and the message says what to do.</summary>
public sealed class LakeConflictException : LakeException
{
    /// <summary>An error without a message.</summary>
    public LakeConflictException()
    {
    }

    /// <summary>An error that says what is wrong.</summary>
    public LakeConflictException(string message)
        : base(message)
    {
    }

    /// <summary>An error that says what is wrong and what caused it.</summary>
    public LakeConflictException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>An error that says what is wrong, and whether the work can be done again.</summary>
    public LakeConflictException(LakeConflict outcome, string message)
        : base(message) => Outcome = outcome;

    /// <summary><see cref="LakeConflict.Retryable"/> or <see cref="LakeConflict.Incompatible"/>.</summary>
    public LakeConflict Outcome { get; } = LakeConflict.Incompatible;
}
