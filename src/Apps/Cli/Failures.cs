namespace EventMl.Cli;

/// <summary>What the process answers to the shell.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Unreachable = 3;
    public const int NotIntact = 4;
    public const int Interrupted = 130;
}

/// <summary>Ends the verb with a message for the user and an exit code.</summary>
internal abstract class CliException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;
}

/// <summary>The command line makes no sense, or names a file that cannot be read.</summary>
internal sealed class UsageException(string message) : CliException(ExitCodes.Usage, message);

/// <summary>The server answered with an error; the message is <c>CODE: text</c>.</summary>
internal sealed class RefusedException(int status, string code, string text) : CliException(ExitCodes.Failed, $"{code}: {text}")
{
    public bool IsPassing => status is 429 or 502 or 503 or 504;
}

/// <summary>No server answered.</summary>
internal sealed class UnreachableException(Uri address, string reason, Exception? inner = null) : CliException(
    ExitCodes.Unreachable,
    $"The server at {address.OriginalString} does not answer ({reason}). Start the platform with ./eventml up, or give its address with --url or EVENTML_URL.",
    inner);
