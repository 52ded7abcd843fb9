using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Cli.Talking;

namespace EventMl.Cli.Verbs;

internal static class ModelVerbs
{
    private static readonly Argument<string> Name = GlobalOptions.Name("NAME", "Name of the model.");
    private static readonly Option<long?> Version = GlobalOptions.Version("Version of the model; the latest when absent.");
    private static readonly Option<string?> Dataset = GlobalOptions.Optional("--dataset", "NAME", "Measure on the test split of this dataset; the one it was trained on when absent.");

    public static Command Build(CommandLine cli) => new("models", "Models in the registry.")
    {
        cli.Verb("list", "List the models.", ListAsync, GlobalOptions.Limit),
        cli.Verb("show", "Show a model, its metrics and its versions.", ShowAsync, Name),
        cli.Verb("delete", "Delete a model; refused while a running service needs it.", DeleteAsync, Name),
        cli.Verb("evaluate", "Have a version measured on the test split.", EvaluateAsync, Name, Version, Dataset),
        cli.Verb("promote", "Make a version champion if the gate allows it; exit code 1 when it refuses.", PromoteAsync, Name, Version),
        cli.Verb("refold", "Fold the model anew from its events and compare with the live view; exit code 1 when they differ.", RefoldAsync, Name),
    };

    private static async Task<int> ListAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.ListAsync("models", run.Get(GlobalOptions.Limit), cancel);
        run.Output.Reply(reply, rows => run.Output.Rows(
            rows.Rows(), "No models yet; eventml train makes one.",
            Column.Of("name", "id"), Column.Of("version", "version"), Column.Of("champion", "champion"),
            Column.Of("trained on", "input"), Column.Of("metrics", "metrics"), new("created", row => row.Time("created_at"))));
        return ExitCodes.Ok;
    }

    private static async Task<int> ShowAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.GetAsync(EventMlClient.Path("models", run.Get(Name)), cancel);
        run.Output.Reply(reply, model =>
        {
            run.Output.Fields(
                ("name", model.Text("id")), ("version", model.Text("version")), ("champion", model.Text("champion")), ("created", model.Time("created_at")),
                ("trained on", model.Text("input")), ("params", model.Text("params")), ("metrics", model.Text("metrics")), ("path", model.Text("storage_path")));
            run.Output.Line("");
            run.Output.Rows(model.Member("versions").Rows(), "No versions.", VersionColumns);
        });
        return ExitCodes.Ok;
    }

    private static async Task<int> DeleteAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.DeleteAsync(EventMlClient.Path("models", run.Get(Name)), cancel);
        run.Output.Reply(reply, _ => run.Output.Line($"Model {run.Get(Name)} is deleted."));
        return ExitCodes.Ok;
    }

    private static async Task<int> EvaluateAsync(Invocation run, CancellationToken cancel)
    {
        var body = Body(run);
        if (run.Get(Dataset) is { } dataset)
            body["dataset"] = dataset;
        var reply = await run.Server.PostAsync(EventMlClient.Path("models", run.Get(Name), "evaluate"), body, cancel);
        run.Output.Reply(reply, row =>
        {
            run.Output.Rows([row], "", VersionColumns);
            run.Output.Line($"The evaluation is asked for; its result appears in: eventml models show {run.Get(Name)}");
        });
        return ExitCodes.Ok;
    }

    private static async Task<int> PromoteAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.PostAsync(EventMlClient.Path("models", run.Get(Name), "promote"), Body(run), cancel);
        var allowed = reply.Json.Member("allowed").ValueKind == JsonValueKind.True;
        run.Output.Reply(reply, decision =>
        {
            run.Output.Rows(decision.Member("rules").Rows(), "The policy has no rules.", RuleColumns);
            run.Output.Line($"{decision.Text("model")} version {decision.Text("version")} {(allowed ? "is champion" : "was refused")} by decision {decision.Text("decision_id")}");
        });
        return allowed ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static async Task<int> RefoldAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.GetAsync(EventMlClient.Path("models", run.Get(Name), "refold"), cancel);
        var identical = reply.Json.Member("identical").ValueKind == JsonValueKind.True;
        run.Output.Reply(reply, result =>
        {
            var at = result.Text("version");
            run.Output.Line(identical
                ? $"The model folded anew from its {at} events equals the live view."
                : $"The model folded anew from its {at} events differs from the live view.");
            if (!identical)
                run.Output.Fields(("view", result.Member("view").GetRawText()), ("refolded", result.Member("refolded").GetRawText()));
        });
        return identical ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static JsonObject Body(Invocation run) => run.Get(Version) is { } version ? new JsonObject { ["version"] = version } : [];

    internal static readonly Column[] RuleColumns =
        [Column.Of("rule", "rule"), new("outcome", rule => rule.Member("passed").ValueKind == JsonValueKind.True ? "passed" : "failed"), Column.Of("reason", "reason")];

    private static readonly Column[] VersionColumns =
    [
        Column.Of("version", "version"), new("created", row => row.Time("created_at")), new("dataset", DatasetOf),
        Column.Of("trained metrics", "metrics"), new("evaluation", Evaluation), new("state", State), Column.Of("task", "task_id"),
    ];

    private static string DatasetOf(JsonElement row) =>
        row.Text("dataset_version") is { Length: > 0 } version ? $"{row.Text("dataset")}@{version}" : row.Text("dataset");

    private static string Evaluation(JsonElement row) =>
        row.Member("evaluation") is var evaluation && evaluation.Member("metrics").ValueKind == JsonValueKind.Object ? evaluation.Text("metrics") : evaluation.Text();

    private static string State(JsonElement row) =>
        row.Member("promoted").ValueKind is JsonValueKind.True or JsonValueKind.String ? "promoted"
        : row.Text("refused_reason") is { Length: > 0 } reason ? $"refused: {reason}" : "";
}
