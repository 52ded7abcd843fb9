using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using EventMl.Cli.Talking;
using EventMl.Cli.Verbs;

namespace EventMl.Cli;

/// <summary>The command tree, and what every verb shares: global options, errors to exit codes.</summary>
internal sealed class CommandLine
{
    private readonly Surroundings _surroundings;

    public CommandLine(Surroundings surroundings)
    {
        _surroundings = surroundings;
        Root = new RootCommand("Talks to an EventMl server: datasets, training, models, inference services, failed messages, access and the audit trail.")
        {
            DatasetVerbs.Build(this), ModelVerbs.Build(this), IngestVerb.Build(this), TrainVerb.Build(this), TaskVerbs.Build(this),
            ServiceVerbs.Build(this), FailureVerbs.Build(this), AccessVerbs.Build(this), AuditVerbs.Build(this), CompletionVerb.Build(this), VersionVerb.Build(this), ReferenceVerb.Build(this),
        };
        Root.HelpName = "eventml";
        Root.Options.Remove(Root.Options.OfType<HelpOption>().Single());
        Root.Options.Add(new HelpOption("--help", "-h"));
        Root.Options.Add(GlobalOptions.Url);
        Root.Options.Add(GlobalOptions.Key);
        Root.Options.Add(GlobalOptions.Format);
        Root.Options.Add(GlobalOptions.AsOf);
    }

    public RootCommand Root { get; }

    public Surroundings Surroundings => _surroundings;

    /// <summary>A verb that talks to the server.</summary>
    public Command Verb(string name, string description, Func<Invocation, CancellationToken, Task<int>> run, params Symbol[] symbols)
    {
        var verb = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument) verb.Arguments.Add(argument);
            else verb.Options.Add((Option)symbol);
        }
        verb.SetAction(async (parsed, cancel) =>
        {
            using var invocation = new Invocation(parsed, _surroundings);
            return await run(invocation, cancel);
        });
        return verb;
    }

    public async Task<int> RunAsync(IReadOnlyList<string> args, CancellationToken cancel)
    {
        // A value that begins with @ is a value here, never the name of a file of arguments.
        var parsed = Root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var configuration = new InvocationConfiguration
        {
            Output = _surroundings.Out,
            Error = _surroundings.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        try
        {
            return parsed.Action is ParseErrorAction mistake
                ? await ExplainAsync(parsed, mistake, configuration)
                : await parsed.InvokeAsync(configuration, cancel);
        }
        catch (CliException e)
        {
            await _surroundings.Error.WriteLineAsync(e.Message);
            return e.ExitCode;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
    }

    private async Task<int> ExplainAsync(ParseResult parsed, ParseErrorAction mistake, InvocationConfiguration configuration)
    {
        mistake.ShowHelp = parsed.CommandResult.Command.Subcommands.Count > 0;
        configuration.Output = _surroundings.Error;
        await parsed.InvokeAsync(configuration, CancellationToken.None);
        if (!mistake.ShowHelp)
            await _surroundings.Error.WriteLineAsync("Add --help to see what this verb takes.");
        return ExitCodes.Usage;
    }
}
