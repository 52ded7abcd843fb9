using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Cli.Watching;

namespace EventMl.Cli.Verbs;

internal static class TrainVerb
{
    public static Command Build(CommandLine cli)
    {
        var input = GlobalOptions.Required("--input", "DATASET", "Dataset to train on: a name, or name@version.");
        var output = TaskRequest.Output("MODEL", "model");
        var model = GlobalOptions.Optional("--model", "FILE", "JSON file that declares the model for the built-in trainer, instead of a script.");

        var verb = cli.Verb("train", "Train a model on a dataset.", async (run, cancel) =>
        {
            var special = new JsonObject();
            if (run.Get(model) is { } file)
                special["model"] = await DeclaredModelAsync(file, cancel);
            return await TaskRequest.CreateAsync(run, TaskKind.Training, run.Get(input)!, output, special, cancel);
        }, TaskRequest.Name, input, output, TaskRequest.Script, model, GlobalOptions.Parameters, GlobalOptions.TimeLimit, GlobalOptions.Watch);

        verb.Validators.Add(result =>
        {
            if (result.GetResult(TaskRequest.Script) is null == result.GetResult(model) is null)
                result.AddError("Give either --script PATH or --model FILE.json.");
            Parameters.Check(result);
        });
        return verb;
    }

    private static async Task<JsonObject> DeclaredModelAsync(string file, CancellationToken cancel)
    {
        try
        {
            return JsonNode.Parse(await File.ReadAllTextAsync(file, cancel)) as JsonObject
                ?? throw new UsageException($"{file} does not declare a model: it must hold one JSON object.");
        }
        catch (JsonException e)
        {
            throw new UsageException($"{file} is not JSON: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The model file cannot be read: {e.Message}");
        }
    }
}
