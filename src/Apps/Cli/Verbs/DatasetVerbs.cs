using System.CommandLine;
using System.Text.Json;
using EventMl.Cli.Talking;

namespace EventMl.Cli.Verbs;

internal static class DatasetVerbs
{
    public static Command Build(CommandLine cli)
    {
        var name = GlobalOptions.Name("NAME", "Name of the dataset.");
        return new Command("datasets", "Datasets in the lake.")
        {
            cli.Verb("list", "List the datasets.", async (run, cancel) =>
            {
                var reply = await run.Server.ListAsync("datasets", run.Get(GlobalOptions.Limit), cancel);
                run.Output.Reply(reply, rows => run.Output.Rows(
                    rows.Rows(), "No datasets yet; eventml ingest makes one.",
                    Column.Of("name", "id"), Column.Of("version", "version"), Column.Of("rows", "num_rows"),
                    new("size", row => row.Bytes("size_bytes")), new("created", row => row.Time("created_at"))));
                return ExitCodes.Ok;
            }, GlobalOptions.Limit),
            cli.Verb("show", "Show a dataset's schema and statistics.", async (run, cancel) =>
            {
                var reply = await run.Server.GetAsync(EventMlClient.Path("datasets", run.Get(name)), cancel);
                run.Output.Reply(reply, dataset => Show(run.Output, dataset));
                return ExitCodes.Ok;
            }, name),
            cli.Verb("delete", "Delete a dataset; refused while a task or a kept model needs it.", async (run, cancel) =>
            {
                var reply = await run.Server.DeleteAsync(EventMlClient.Path("datasets", run.Get(name)), cancel);
                run.Output.Reply(reply, _ => run.Output.Line($"Dataset {run.Get(name)} is deleted."));
                return ExitCodes.Ok;
            }, name),
        };
    }

    private static void Show(Output output, JsonElement dataset)
    {
        output.Fields(
            ("name", dataset.Text("id")), ("version", dataset.Text("version")), ("created", dataset.Time("created_at")),
            ("rows", dataset.Text("num_rows")), ("size", dataset.Bytes("size_bytes")), ("path", dataset.Text("storage_path")),
            ("stats", dataset.Text("stats")), ("schema", dataset.Text("schema")));
        if (dataset.Member("versions") is { ValueKind: JsonValueKind.Array } versions && versions.EnumerateArray().All(v => v.ValueKind == JsonValueKind.Object))
        {
            output.Line("");
            output.Rows(versions.Rows(), "",
                Column.Of("version", "version"), Column.Of("rows", "num_rows"), new("size", row => row.Bytes("size_bytes")), new("created", row => row.Time("created_at")));
        }
    }
}
