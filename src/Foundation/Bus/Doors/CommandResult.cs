using EventMl.Contracts;

namespace EventMl.Bus;

/// <summary>What came of a command: accepted with a value for the REST door, or refused.</summary>
public sealed record CommandResult
{
    private CommandResult()
    {
    }

    /// <summary>Why it was refused; null when accepted.</summary>
    public Refusal? Refusal { get; private init; }

    /// <summary>What the REST door answers with; the bus door ignores it.</summary>
    public object? Value { get; private init; }

    /// <summary>True when the message id was handled before, so that nothing was done.</summary>
    public bool Duplicate { get; private init; }

    internal static CommandResult AlreadyHandled { get; } = new() { Duplicate = true };

    /// <summary>The command was carried out, or was fulfilled already.</summary>
    public static CommandResult Accepted(object? value = null) => new() { Value = value };

    /// <summary>The command was refused.</summary>
    public static CommandResult Refused(Refusal refusal) => new() { Refusal = refusal };

    /// <summary>The command was refused with one of <see cref="ErrorCodes"/> and a sentence that says what to do next.</summary>
    public static CommandResult Refused(string code, string message) => Refused(new Refusal(code, message));
}
