using System.CommandLine;
using System.Text.Json.Nodes;
using EventMl.Cli.Talking;
using EventMl.Cli.Watching;

namespace EventMl.Cli.Verbs;

/// <summary>What asking for an ingestion and for a training have in common.</summary>
internal static class TaskRequest
{
    public static readonly Option<string> Name = GlobalOptions.Required("--name", "NAME", "Name of the task; only one task of a name runs at a time.");
    public static readonly Option<string?> Script = GlobalOptions.Optional("--script", "PATH", "Script to run, under an allowed root of the server.");

    /// <summary>
    /// <c>--output</c> names what the task writes; <c>--output json</c> may stand beside it, which is the only way two values can be given.
    /// </summary>
    public static Option<string[]> Output(string helpName, string what) => new("--output")
    {
        HelpName = helpName,
        Description = $"Name of the {what} to write; a further version if it exists. (--output json may be given beside it.)",
        Required = true,
        Validators =
        {
            result =>
            {
                var values = result.Tokens.Select(t => t.Value).ToArray();
                if (values.Length > 2 || (values.Length == 2 && !values.Any(IsFormat)))
                    result.AddError($"--output names one {what}; {string.Join(", ", values)} are too many.");
            },
        },
    };

    public static async Task<int> CreateAsync(Invocation run, TaskKind kind, string? input, Option<string[]> output, JsonObject special, CancellationToken cancel)
    {
        var name = OutputName(run, run.Get(output)!);
        var body = new JsonObject { ["name"] = run.Get(Name) };
        if (input is not null)
            body["input"] = input;
        if (run.Get(Script) is { } script)
            body["script"] = ServerPath(run, script);
        foreach (var (key, value) in special.ToArray())
        {
            special.Remove(key);
            body[key] = value;
        }
        body["params"] = Parameters.Read(run.Get(GlobalOptions.Parameters) ?? []);
        body["output"] = name;
        if (run.Get(GlobalOptions.TimeLimit) is { } seconds)
            body["timeout_seconds"] = seconds;

        var reply = await run.Server.PostAsync(kind.Resource, body, cancel);
        if (run.Get(GlobalOptions.Watch))
            return await TaskWatcher.WatchAsync(run, kind, reply.Json.Text("id"), cancel);
        run.Output.Reply(reply, task =>
        {
            TaskTable.Fields(run.Output, task);
            run.Output.Line($"Follow it with: eventml tasks watch {task.Text("id")}");
        });
        return ExitCodes.Ok;
    }

    /// <summary>A path of this machine means the same to a server on this machine only when it is absolute.</summary>
    public static string ServerPath(Invocation run, string path) =>
        run.Server.Address.IsLoopback && !Path.IsPathRooted(path) && Path.Exists(path) ? Path.GetFullPath(path) : path;

    private static string OutputName(Invocation run, string[] values)
    {
        if (values.Length == 1)
            return values[0];
        var format = Array.FindLastIndex(values, IsFormat);
        run.Format = values[format] == "json" ? OutputFormat.Json : OutputFormat.Table;
        return values[1 - format];
    }

    private static bool IsFormat(string value) => value is "json" or "table";
}
