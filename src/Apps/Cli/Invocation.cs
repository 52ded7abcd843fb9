using System.CommandLine;
using EventMl.Cli.Talking;

namespace EventMl.Cli;

/// <summary>One run of one verb: its values, the server it talks to, where it writes.</summary>
internal sealed class Invocation(ParseResult values, Surroundings surroundings) : IDisposable
{
    private EventMlClient? _server;
    private Output? _output;

    public ParseResult Values => values;

    public TimeProvider Clock => surroundings.Clock;

    public EventMlClient Server => _server ??= new EventMlClient(Address(), surroundings.Clock, Key()) { AsOf = values.GetValue(GlobalOptions.AsOf) };

    public Output Output => _output ??= new Output(surroundings, Format);

    /// <summary>What <c>--output</c> or <c>--format</c> asks for; a verb whose <c>--output</c> means something else sets it.</summary>
    public OutputFormat Format { get; set; } = values.GetValue(GlobalOptions.Format);

    public T Get<T>(Argument<T> argument) => values.GetRequiredValue(argument);

    public T? Get<T>(Option<T> option) => values.GetValue(option);

    public void Dispose() => _server?.Dispose();

    private string? Key()
    {
        var given = values.GetValue(GlobalOptions.Key) ?? surroundings.Variable("EVENTML_API_KEY");
        // What is wrong with it is not said with it: keys are never printed.
        return string.IsNullOrWhiteSpace(given) ? null
            : given.Trim() is var key && key.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? key
            : throw new UsageException("The key (--key or EVENTML_API_KEY) is none: it is eml_ with letters, digits and '_'; check that it was copied whole.");
    }

    private Uri Address()
    {
        var given = values.GetValue(GlobalOptions.Url) ?? surroundings.Variable("EVENTML_URL");
        var text = string.IsNullOrWhiteSpace(given) ? GlobalOptions.DefaultUrl : given.Trim();
        return Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new UsageException($"'{text}' is not the address of a server; it looks like {GlobalOptions.DefaultUrl}.");
    }
}
