using System.CommandLine;
using System.Text.Json.Nodes;
using EventMl.Cli.Talking;
using EventMl.Cli.Watching;

namespace EventMl.Cli.Verbs;

/// <summary>What can be done to a dataset.</summary>
internal static class DatasetChangeVerbs
{
    private const string IsNull = "is null";
    private const string IsNotNull = "is not null";

    private static readonly Argument<string> Name = GlobalOptions.Name("NAME", "Name of the dataset.");
    private static readonly Argument<string> Tag = GlobalOptions.Name("TAG", "The tag: letters, digits, '_', '.' and '-', beginning with a letter.");
    private static readonly Argument<long> Wanted = new("version") { HelpName = "VERSION", Description = "Number of the version whose content is wanted again." };
    private static readonly Argument<string> Output = GlobalOptions.Name("OUTPUT", "Name of the new dataset.");
    private static readonly Argument<string[]> Columns = new("columns") { HelpName = "COLUMN", Description = "Names of the columns.", Arity = ArgumentArity.OneOrMore };
    private static readonly Argument<string> File = new("file") { HelpName = "FILE", Description = "The archive." };
    private static readonly Option<long?> Version = GlobalOptions.Version("Number of the version; the latest when absent.");
    private static readonly Option<bool> Move = new("--move") { Description = "Move the tag if it stands at another version." };
    private static readonly Option<string?> Where = GlobalOptions.Optional("--where", "CONDITION", "Rows that fulfil 'COLUMN OP VALUE'; OP is =, !=, <, <=, >, >=, 'is null' or 'is not null'.");
    private static readonly Option<long[]> RowIds = new("--row-id") { HelpName = "ID", Description = "Id of a row, as a preview shows it. May be repeated." };
    private static readonly Option<int?> Keep = new("--keep-versions") { HelpName = "N", Description = "How many of the newest versions stay; all when absent." };
    private static readonly Option<long?> Young = new("--keep-younger-than") { HelpName = "SECONDS", Description = "Versions committed within so many seconds stay." };
    private static readonly Option<long?> Grace = new("--grace") { HelpName = "SECONDS", Description = "Files stay for so many seconds after they were written; an hour when absent." };
    private static readonly Option<bool> NoWait = new("--no-wait") { Description = "Do not wait for the end." };
    private static readonly Option<bool> OnServer = new("--on-server") { Description = "FILE is a path on the server, under an allowed root, and is not sent." };

    public static IEnumerable<Command> Build(CommandLine cli) =>
    [
        cli.Verb("tag", "Give a version a name that keeps it from being collected.", TagAsync, Name, Tag, Version, Move),
        cli.Verb("untag", "Remove a tag.", UntagAsync, Name, Tag),
        cli.Verb("restore", "Make the content of an earlier version the newest version.", (run, cancel) =>
            ChangeAsync(run, "restore", new JsonObject { ["version"] = run.Get(Wanted) }, cancel), Name, Wanted, NoWait),
        cli.Verb("clone", "Begin a new dataset as a version of this one; no file is copied.", (run, cancel) =>
            ChangeAsync(run, "clone", new JsonObject { ["output"] = run.Get(Output), ["version"] = run.Get(Version) }, cancel), Name, Output, Version, NoWait),
        DeleteRows(cli),
        cli.Verb("drop-columns", "Leave columns out of the next version.", (run, cancel) =>
            ChangeAsync(run, "drop-columns", new JsonObject { ["columns"] = new JsonArray([.. run.Get(Columns).Select(c => (JsonNode)c)]) }, cancel), Name, Columns, NoWait),
        cli.Verb("compact", "Put small and worn files together into larger ones.", (run, cancel) => ChangeAsync(run, "compact", [], cancel), Name, NoWait),
        cli.Verb("gc", "Delete old versions and files that nothing needs; tagged versions and those that models or running trainings use stay.", (run, cancel) =>
            ChangeAsync(run, "gc", new JsonObject { ["keep_versions"] = run.Get(Keep), ["keep_younger_than_seconds"] = run.Get(Young), ["grace_seconds"] = run.Get(Grace) }, cancel), Name, Keep, Young, Grace, NoWait),
        cli.Verb("export", "Write a version to a file, as one archive.", ExportAsync, Name, File, DatasetVerbs.Reference),
        cli.Verb("import", "Make an exported archive a dataset again; under its own name it keeps its version and root.", ImportAsync, File, Name, OnServer, NoWait),
    ];

    private static Command DeleteRows(CommandLine cli)
    {
        var verb = cli.Verb("delete-rows", "Leave rows out of the next version.", (run, cancel) => ChangeAsync(run, "delete-rows", RowsToDelete(run), cancel), Name, Where, RowIds, NoWait);
        verb.Validators.Add(result =>
        {
            if (result.GetResult(Where) is null == result.GetResult(RowIds) is null)
                result.AddError("Give either --where CONDITION or --row-id ID.");
        });
        return verb;
    }

    private static async Task<int> TagAsync(Invocation run, CancellationToken cancel)
    {
        var body = new JsonObject { ["tag"] = run.Get(Tag), ["version"] = run.Get(Version), ["move"] = run.Get(Move) };
        var reply = await run.Server.PostAsync(EventMlClient.Path("datasets", run.Get(Name), "tags"), body, cancel);
        run.Output.Reply(reply, tags => run.Output.Line($"{run.Get(Name)}@{tags.Text(run.Get(Tag))} is tagged {run.Get(Tag)}."));
        return ExitCodes.Ok;
    }

    private static async Task<int> UntagAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.DeleteAsync(EventMlClient.Path("datasets", run.Get(Name), "tags", run.Get(Tag)), cancel);
        run.Output.Reply(reply, _ => run.Output.Line($"The tag {run.Get(Tag)} of {run.Get(Name)} is removed."));
        return ExitCodes.Ok;
    }

    private static Task<int> ChangeAsync(Invocation run, string what, JsonObject body, CancellationToken cancel) =>
        ChangeWatcher.RequestAsync(run, EventMlClient.Path("datasets", run.Get(Name), what), body, !run.Get(NoWait), cancel);

    private static JsonObject RowsToDelete(Invocation run) => run.Get(Where) is { } condition
        ? new JsonObject { ["where"] = Condition(condition) }
        : new JsonObject { ["row_ids"] = new JsonArray([.. run.Get(RowIds)!.Select(id => (JsonNode)id)]) };

    private static JsonObject Condition(string text)
    {
        foreach (var op in (string[])[IsNotNull, IsNull])
            if (text.TrimEnd().EndsWith(" " + op, StringComparison.OrdinalIgnoreCase))
                return new JsonObject { ["column"] = text.TrimEnd()[..^(op.Length + 1)].Trim(), ["op"] = op };
        // A column's name may hold spaces, so the operator that comes first cuts it; two-character ones are looked for before their beginnings.
        var (at, found) = ((string[])["!=", "<=", ">=", "=", "<", ">"]).Select(op => (At: text.IndexOf(op, StringComparison.Ordinal), Op: op)).Where(f => f.At > 0).OrderBy(f => f.At).FirstOrDefault();
        return found is null
            ? throw new UsageException($"'{text}' is no condition; write 'COLUMN OP VALUE', such as 'label = 3' or 'note is null'.")
            : new JsonObject { ["column"] = text[..at].Trim(), ["op"] = found, ["value"] = text[(at + found.Length)..].Trim() };
    }

    private static async Task<int> ExportAsync(Invocation run, CancellationToken cancel)
    {
        var (name, file) = (run.Get(Name), run.Get(File));
        var address = EventMlClient.Path("datasets", name, "versions", run.Get(DatasetVerbs.Reference) ?? "latest");
        var version = await run.Server.GetAsync(address, cancel);
        // By number from here on, so that what is written is the version that is told.
        address = EventMlClient.Path("datasets", name, "versions", version.Json.Text("version"), "archive");
        var partial = file + ".part";
        try
        {
            await using (var target = new FileStream(partial, FileMode.Create, FileAccess.Write))
                await run.Server.CopyAsync(address, target, cancel);
            System.IO.File.Move(partial, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file} cannot be written: {e.Message}");
        }
        finally
        {
            System.IO.File.Delete(partial);
        }

        run.Output.Reply(version, v => run.Output.Line($"{name}@{v.Text("version")} is written to {file} ({new FileInfo(file).Length} bytes); its root is {v.Text("root")}."));
        return ExitCodes.Ok;
    }

    private static async Task<int> ImportAsync(Invocation run, CancellationToken cancel)
    {
        var (name, file) = (run.Get(Name), run.Get(File));
        if (run.Get(OnServer))
            return await ChangeWatcher.RequestAsync(run, "datasets/import", new JsonObject { ["dataset"] = name, ["input"] = TaskRequest.ServerPath(run, file) }, !run.Get(NoWait), cancel);
        ServerReply reply;
        try
        {
            await using var archive = System.IO.File.OpenRead(file);
            reply = await run.Server.SendFileAsync(EventMlClient.Path("datasets", name, "archive"), archive, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file} cannot be read: {e.Message}");
        }

        return await ChangeWatcher.FollowAsync(run, reply, !run.Get(NoWait), cancel);
    }
}
