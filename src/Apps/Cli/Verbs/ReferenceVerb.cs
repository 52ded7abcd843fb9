using System.CommandLine;
using System.CommandLine.Help;

namespace EventMl.Cli.Verbs;

/// <summary>Prints <c>docs/cli.md</c> from the command tree, so that the page cannot fall behind.</summary>
internal static class ReferenceVerb
{
    public static Command Build(CommandLine cli)
    {
        var verb = cli.Verb("reference", "Print the reference of all verbs as Markdown.", (run, _) =>
        {
            run.Output.Raw.Write(Markdown(cli.Root));
            return Task.FromResult(ExitCodes.Ok);
        });
        verb.Hidden = true;
        return verb;
    }

    public static string Markdown(RootCommand root)
    {
        var page = new StringWriter { NewLine = "\n" };
        page.WriteLine("""
            # The command line

            Written by `./eventml reference > docs/cli.md`; a test keeps it equal to the program.

            | exit code | meaning |
            |---|---|
            | 0 | done |
            | 1 | the server refused (`CODE: message` on standard error), the task failed, the gate said no, a replay differs, or two versions do |
            | 2 | the command line makes no sense |
            | 3 | no server answers |
            | 4 | the record or the proof is not what was signed |
            | 130 | Ctrl-C; a watched task goes on |

            Every verb also takes:
            """);
        page.WriteLine();
        WriteOptions(page, root);
        foreach (var noun in root.Subcommands.Where(command => !command.Hidden))
        {
            page.WriteLine();
            page.WriteLine($"## {noun.Name}");
            page.WriteLine();
            page.WriteLine(noun.Description);
            if (noun.Subcommands.Count == 0)
                WriteVerb(page, noun, $"eventml {noun.Name}");
            foreach (var verb in noun.Subcommands)
                WriteBranch(page, verb, $"eventml {noun.Name} {verb.Name}");
        }
        return page.ToString();
    }

    private static void WriteBranch(StringWriter page, Command verb, string path)
    {
        if (verb.Subcommands.Count == 0)
            WriteVerb(page, verb, path);
        foreach (var leaf in verb.Subcommands)
            WriteBranch(page, leaf, $"{path} {leaf.Name}");
    }

    private static void WriteVerb(StringWriter page, Command verb, string path)
    {
        var parts = verb.Arguments.Select(a => a.Arity.MaximumNumberOfValues > 1 ? $"{a.HelpName}..." : a.HelpName)
            .Concat(verb.Options.Where(o => o.Required).Select(o => $"{o.Name} {o.HelpName}"))
            .Concat(verb.Options.Any(o => !o.Required) ? ["[options]"] : []);
        page.WriteLine();
        page.WriteLine($"### `{string.Join(' ', parts.Prepend(path))}`");
        page.WriteLine();
        if (verb.Parents.First() is not RootCommand)
            page.WriteLine(verb.Description + (verb.Arguments.Count + verb.Options.Count > 0 ? "\n" : ""));
        foreach (var argument in verb.Arguments)
            page.WriteLine($"- `{argument.HelpName}`: {argument.Description}");
        WriteOptions(page, verb);
    }

    private static void WriteOptions(StringWriter page, Command command)
    {
        foreach (var option in command.Options.Where(o => o is not (HelpOption or VersionOption)))
        {
            var names = string.Join(", ", option.Aliases.Prepend(option.Name).Select(name => $"`{name}{(option.HelpName is { } value ? " " + value : "")}`"));
            page.WriteLine($"- {names}: {option.Description}");
        }
    }
}
