using System.CommandLine;
using System.Text.Json.Nodes;
using EventMl.Cli.Watching;

namespace EventMl.Cli.Verbs;

internal static class IngestVerb
{
    public static Command Build(CommandLine cli)
    {
        var input = GlobalOptions.Optional("--input", "PATH", "Folder or file to read, under an allowed root of the server; not for the source sql.");
        var output = TaskRequest.Output("DATASET", "dataset");
        var source = GlobalOptions.Optional("--source", "READER", "Built-in reader instead of a script: idx, csv, tsv, jsonl, arrow, images or sql.");
        source.CompletionSources.Add("idx", "csv", "tsv", "jsonl", "arrow", "images", "sql");

        var verb = cli.Verb("ingest", "Turn raw data into a dataset version.", async (run, cancel) =>
        {
            var special = new JsonObject();
            if (run.Get(source) is { } reader)
                special["source"] = reader;
            return await TaskRequest.CreateAsync(run, TaskKind.Ingestion, run.Get(input) is { } path ? TaskRequest.ServerPath(run, path) : null, output, special, cancel);
        }, TaskRequest.Name, input, output, TaskRequest.Script, source, GlobalOptions.Parameters, GlobalOptions.TimeLimit, GlobalOptions.Watch);

        verb.Validators.Add(result =>
        {
            if (result.GetResult(TaskRequest.Script) is null == result.GetResult(source) is null)
                result.AddError("Give either --script PATH or --source READER.");
            if (result.GetResult(input) is null == (result.GetValue(source) != "sql"))
                result.AddError("Give --input PATH, unless --source is sql.");
            Parameters.Check(result);
        });
        return verb;
    }
}
