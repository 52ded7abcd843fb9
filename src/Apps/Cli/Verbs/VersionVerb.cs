using System.CommandLine;
using System.Text.Json.Nodes;
using EventMl.Cli.Talking;

namespace EventMl.Cli.Verbs;

internal static class VersionVerb
{
    public static Command Build(CommandLine cli) => cli.Verb("version", "Print the version of this command.", (run, _) =>
    {
        if (run.Output.IsJson)
            run.Output.Raw.WriteLine(new JsonObject { ["version"] = EventMlClient.Version }.ToJsonString());
        else
            run.Output.Line($"eventml {EventMlClient.Version}");
        return Task.FromResult(ExitCodes.Ok);
    });
}
