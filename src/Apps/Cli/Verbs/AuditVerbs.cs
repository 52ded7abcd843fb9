using System.CommandLine;
using System.Text.Json;
using EventMl.Cli.Talking;

namespace EventMl.Cli.Verbs;

internal static class AuditVerbs
{
    private static readonly string[] Kinds = ["model", "dataset", "task", "service", "failure"];
    private static readonly Argument<string> Thing = ThingArgument();
    private static readonly Argument<string> Decision = GlobalOptions.Name("DECISION", "Id of the decision; eventml models promote prints it.");

    public static Command Build(CommandLine cli)
    {
        var audit = new Command("audit", "What the ledger remembers, and whether it is what was recorded.")
        {
            cli.Verb("history", "Print the life of a thing event by event.", HistoryAsync, Thing, GlobalOptions.Limit),
            cli.Verb("replay", "Judge a recorded decision again and compare byte for byte; exit code 1 when they differ.", ReplayAsync, Decision),
        };
        foreach (var verb in ProofVerbs.Build(cli))
            audit.Add(verb);
        return audit;
    }

    private static async Task<int> HistoryAsync(Invocation run, CancellationToken cancel)
    {
        var given = run.Get(Thing);
        var thing = given.Contains('/') ? given : $"model/{given}";
        var reply = await run.Server.ListAsync($"audit/history?thing={Uri.EscapeDataString(thing)}", run.Get(GlobalOptions.Limit), cancel);
        run.Output.Reply(reply, events => run.Output.Rows(
            events.Rows(), $"The ledger knows nothing of {thing}.",
            Column.Of("position", "position"), new("at", e => e.Time("at")), Column.Of("event", "type"), Column.Of("actor", "actor"),
            Column.Of("source", "source"), Column.Of("what happened", "summary")));
        return ExitCodes.Ok;
    }

    private static async Task<int> ReplayAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.GetAsync(EventMlClient.Path("audit", "decisions", run.Get(Decision), "replay"), cancel);
        var identical = reply.Json.Member("identical").ValueKind == JsonValueKind.True;
        run.Output.Reply(reply, replay =>
        {
            run.Output.Fields(
                ("decision", replay.Text("decision_id")), ("decided", replay.Time("decided_at")),
                ("evaluator", replay.Text("evaluator_version")), ("policy sha256", replay.Text("policy_sha256")));
            run.Output.Rows(replay.Member("rules").Rows(), "The policy has no rules.", ModelVerbs.RuleColumns);
            run.Output.Line(identical ? "Judged again from the record: identical." : "Judged again from the record: DIFFERENT.");
            if (!identical)
                run.Output.Fields(("recorded", replay.Text("recorded")), ("replayed", replay.Text("replayed")));
        });
        return identical ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static Argument<string> ThingArgument()
    {
        var thing = GlobalOptions.Name("THING", "model/NAME, dataset/NAME, task/ID, service/ID or failure/ID; a bare name means a model.");
        thing.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value.Split('/', 2) is [var kind, var name] && (!Kinds.Contains(kind) || name.Length == 0))
                result.AddError($"'{token.Value}' names no thing; write {string.Join(", ", Kinds.Select(k => $"{k}/…"))}.");
        });
        return thing;
    }
}
