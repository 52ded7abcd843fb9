using System.CommandLine;
using System.Text.Json;
using EventMl.Cli.Talking;

namespace EventMl.Cli.Verbs;

/// <summary>Looking at datasets; what changes them stands in <see cref="DatasetChangeVerbs"/>.</summary>
internal static class DatasetVerbs
{
    private static readonly Argument<string> Name = GlobalOptions.Name("NAME", "Name of the dataset.");
    private static readonly Argument<string> From = GlobalOptions.Name("FROM", "Version to compare with: a number, a tag or an instant.");
    private static readonly Argument<string> To = new("to") { HelpName = "TO", Description = "Version that is compared; the latest when absent.", DefaultValueFactory = _ => "latest" };
    private static readonly Option<int?> Rows = new("--rows") { HelpName = "N", Description = "How many rows to show; 20 when absent, at most 1000." };
    private static readonly Option<string?> Columns = GlobalOptions.Optional("--columns", "A,B,…", "Only these columns.");

    /// <summary>A version as addresses name it.</summary>
    public static readonly Option<string?> Reference = GlobalOptions.Optional("--version", "VERSION", "A number, a tag or an instant; the latest when absent.");

    public static Command Build(CommandLine cli)
    {
        var datasets = new Command("datasets", "Datasets in the lake: their versions, what is in them, and what can be done to them.")
        {
            cli.Verb("list", "List the datasets.", ListAsync, GlobalOptions.Limit),
            cli.Verb("show", "Show a dataset's schema and statistics.", ShowAsync, Name),
            cli.Verb("versions", "List a dataset's versions, the newest first.", VersionsAsync, Name, GlobalOptions.Limit),
            cli.Verb("preview", "Show the first rows of a version.", PreviewAsync, Name, Reference, Rows, Columns),
            cli.Verb("diff", "Show what one version has that another has not; exit code 1 when they differ in rows or columns.", DiffAsync, Name, From, To),
            cli.Verb("changes", "List what was done to a dataset, the latest first.", ChangesAsync, Name, GlobalOptions.Limit),
            cli.Verb("delete", "Delete a dataset; refused while a task or a change needs it.", DeleteAsync, Name),
        };
        foreach (var verb in DatasetChangeVerbs.Build(cli))
            datasets.Add(verb);
        return datasets;
    }

    private static async Task<int> ListAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.ListAsync("datasets", run.Get(GlobalOptions.Limit), cancel);
        run.Output.Reply(reply, rows => run.Output.Rows(
            rows.Rows(), "No datasets yet; eventml ingest makes one.",
            Column.Of("name", "id"), Column.Of("version", "version"), Column.Of("rows", "num_rows"),
            new("size", row => row.Bytes("size_bytes")), new("created", row => row.Time("created_at"))));
        return ExitCodes.Ok;
    }

    private static async Task<int> ShowAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.GetAsync(EventMlClient.Path("datasets", run.Get(Name)), cancel);
        run.Output.Reply(reply, dataset => run.Output.Fields(
            ("name", dataset.Text("id")), ("version", dataset.Text("version")), ("created", dataset.Time("created_at")),
            ("rows", dataset.Text("num_rows")), ("size", dataset.Bytes("size_bytes")), ("path", dataset.Text("storage_path")),
            ("stats", dataset.Text("stats")), ("schema", dataset.Text("schema")), ("versions", dataset.Text("versions"))));
        return ExitCodes.Ok;
    }

    private static async Task<int> VersionsAsync(Invocation run, CancellationToken cancel)
    {
        var name = run.Get(Name);
        var reply = await run.Server.ListAsync(EventMlClient.Path("datasets", name, "versions"), run.Get(GlobalOptions.Limit), cancel);
        var tags = run.Output.IsJson ? default : (await run.Server.GetAsync(EventMlClient.Path("datasets", name, "tags"), cancel)).Json;
        run.Output.Reply(reply, versions => run.Output.Rows(
            versions.Rows(), "No versions.",
            Column.Of("version", "version"), new("tags", row => Tags(tags, row)), Column.Of("made by", "operation"), Column.Of("rows", "num_rows"),
            new("size", row => row.Bytes("size_bytes")), new("written", row => row.Bytes("bytes_written")),
            new("created", row => row.Time("created_at")), new("root", row => Short(row.Text("root")))));
        return ExitCodes.Ok;
    }

    private static async Task<int> PreviewAsync(Invocation run, CancellationToken cancel)
    {
        var path = EventMlClient.Path("datasets", run.Get(Name), "versions", run.Get(Reference) ?? "latest", "preview");
        var query = $"?limit={run.Get(Rows) ?? 20}" + (run.Get(Columns) is { } columns ? $"&columns={Uri.EscapeDataString(columns)}" : "");
        var reply = await run.Server.GetAsync(path + query, cancel);
        run.Output.Reply(reply, preview =>
        {
            var rows = preview.Member("row_ids").Rows().Zip(preview.Member("rows").Rows(), (id, row) => (Id: id.Text(), Row: row)).ToArray();
            if (rows.Length == 0)
                run.Output.Line("The version has no rows.");
            else
                run.Output.Table(rows, [("row id", r => r.Id), .. preview.Member("schema").Rows().Select(f => f.Text("name")).Select<string, (string, Func<(string Id, JsonElement Row), string>)>(f => (f, r => r.Row.Text(f)))]);
            if (preview.Member("truncated").ValueKind == JsonValueKind.True)
                run.Output.Line("Long values are cut; eventml datasets export gives all of them.");
        });
        return ExitCodes.Ok;
    }

    private static async Task<int> DiffAsync(Invocation run, CancellationToken cancel)
    {
        var path = EventMlClient.Path("datasets", run.Get(Name), "diff");
        var reply = await run.Server.GetAsync($"{path}?from={Uri.EscapeDataString(run.Get(From))}&to={Uri.EscapeDataString(run.Get(To))}", cancel);
        var diff = reply.Json;
        run.Output.Reply(reply, _ => run.Output.Fields(
            ("versions", $"{diff.Text("from")} → {diff.Text("to")}"),
            ("rows", $"{diff.Text("rows_added")} added, {diff.Text("rows_removed")} removed, {diff.Text("rows_changed")} changed, {diff.Text("rows_common")} in both"),
            ("columns added", diff.Text("columns_added")), ("columns dropped", diff.Text("columns_dropped")), ("columns replaced", diff.Text("columns_replaced")),
            ("bytes", $"{diff.Bytes("bytes_added")} added, {diff.Bytes("bytes_removed")} removed"),
            ("files added", diff.Text("files_added")), ("files removed", diff.Text("files_removed"))));
        var same = ((string[])["rows_added", "rows_removed", "rows_changed"]).All(member => diff.Number(member) == 0)
            && ((string[])["columns_added", "columns_dropped"]).All(member => !diff.Member(member).Rows().Any());
        return same ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static async Task<int> ChangesAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.ListAsync(EventMlClient.Path("datasets", run.Get(Name), "changes"), run.Get(GlobalOptions.Limit), cancel);
        run.Output.Reply(reply, changes => run.Output.Rows(
            changes.Rows(), "Nothing was done to it yet.",
            Column.Of("change", "id"), Column.Of("operation", "operation"), Column.Of("status", "status"), Column.Of("version", "version"),
            new("requested", row => row.Time("created_at")), new("ended", row => row.Time("completed_at")),
            new("outcome", row => row.Text("reason") is { Length: > 0 } reason ? reason : row.Member("error").Text("message"))));
        return ExitCodes.Ok;
    }

    private static async Task<int> DeleteAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.DeleteAsync(EventMlClient.Path("datasets", run.Get(Name)), cancel);
        run.Output.Reply(reply, _ => run.Output.Line($"Dataset {run.Get(Name)} is deleted."));
        return ExitCodes.Ok;
    }

    private static string Tags(JsonElement tags, JsonElement version) => tags.ValueKind != JsonValueKind.Object ? ""
        : string.Join(", ", tags.EnumerateObject().Where(t => t.Value.Text() == version.Text("version")).Select(t => t.Name));

    private static string Short(string root) => root.Length > 19 ? root[..19] : root;
}
