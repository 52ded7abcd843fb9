using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using EventMl.Cli.Talking;

namespace EventMl.Cli.Verbs;

internal static class FailureVerbs
{
    private const string Resource = "failures";
    private const int ShownBody = 4096;

    private static readonly Argument<string> Id = GlobalOptions.Name("ID", "Id of the failure: fail-….");
    private static readonly Argument<string?> OneId = new("id") { HelpName = "ID", Description = "Id of the failure: fail-…; absent with --group or --all.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string?> Group = GlobalOptions.Optional("--group", "GROUP", "The failures of one cause; eventml failures groups lists them.");
    private static readonly Option<bool> All = new("--all") { Description = "Every failure that is open." };
    private static readonly Option<string> Reason = GlobalOptions.Required("--reason", "TEXT", "Why; the ledger keeps it.");
    private static readonly Option<string?> Edit = GlobalOptions.Optional("--edit", "FILE", "Send this body instead; the message then goes in your name.");
    private static readonly Option<string?> ContentType = GlobalOptions.Optional("--content-type", "TYPE", "Content type to send instead.");
    private static readonly Option<string?> Queue = GlobalOptions.Optional("--queue", "QUEUE", "Only what failed in this queue.");
    private static readonly Option<string?> Save = GlobalOptions.Optional("--save", "FILE", "Write the message's body to this file, byte for byte.");
    private static readonly Option<string?> State = StateOption();

    private static readonly Option<string[]> Header = new("--header")
    {
        HelpName = "NAME=VALUE",
        Description = "Header to send instead; without a value it is left out. May be repeated.",
    };

    public static Command Build(CommandLine cli) => new("failures", "Messages that failed, and their way back.")
    {
        cli.Verb("list", "List the failed messages.", ListAsync, State, Queue, Group, GlobalOptions.Limit),
        cli.Verb("groups", "List the causes, those with most failures first.", GroupsAsync, State, GlobalOptions.Limit),
        cli.Verb("show", "Show a failed message: why it failed, its headers and its body.", ShowAsync, Id, Save),
        cli.Verb("retry", "Send one failed message again, or those of a cause, or all.", RetryAsync, OneId, Group, All, Reason, Edit, ContentType, Header),
        cli.Verb("discard", "Never send a failed message again, or those of a cause.", DiscardAsync, OneId, Group, Reason),
    };

    private static async Task<int> ListAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.ListAsync(Query(Resource, ("state", run.Get(State)), ("queue", run.Get(Queue)), ("group", run.Get(Group))), run.Get(GlobalOptions.Limit), cancel);
        run.Output.Reply(reply, rows => run.Output.Rows(
            rows.Rows(), "No message failed.",
            Column.Of("id", "id"), Column.Of("state", "state"), Column.Of("queue", "queue"), Column.Of("group", "group"), Column.Of("failures", "failures"),
            new("last failed", row => row.Time("last_failed_at")), Column.Of("exception", "exception_type"), Column.Of("reason", "reason")));
        return ExitCodes.Ok;
    }

    private static async Task<int> GroupsAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.ListAsync(Query($"{Resource}/groups", ("state", run.Get(State))), run.Get(GlobalOptions.Limit), cancel);
        run.Output.Reply(reply, rows => run.Output.Rows(
            rows.Rows(), "No message failed.",
            Column.Of("group", "id"), Column.Of("count", "count"), Column.Of("queue", "queue"), Column.Of("exception", "exception_type"), Column.Of("cause", "cause"),
            new("first", row => row.Time("first_failed_at")), new("last", row => row.Time("last_failed_at")), Column.Of("example", "example")));
        return ExitCodes.Ok;
    }

    private static async Task<int> ShowAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.GetAsync(EventMlClient.Path(Resource, run.Get(Id)), cancel);
        if (run.Get(Save) is { } file)
        {
            Write(file, Body(reply.Json));
        }

        run.Output.Reply(reply, failure =>
        {
            Fields(run, failure);
            run.Output.Fields(failure.Member("properties") is { ValueKind: JsonValueKind.Object } properties ? properties.EnumerateObject().Select(p => (p.Name, p.Value.Text())) : []);
            run.Output.Fields(failure.Member("headers") is { ValueKind: JsonValueKind.Object } headers ? headers.EnumerateObject().Select(p => (p.Name, p.Value.Text())) : []);
            run.Output.Line("");
            run.Output.Line(failure.Text("stack"));
            run.Output.Line("");
            run.Output.Line(Shown(failure));
        });
        return ExitCodes.Ok;
    }

    private static async Task<int> RetryAsync(Invocation run, CancellationToken cancel)
    {
        var edits = run.Get(Edit) is not null || run.Get(ContentType) is not null || run.Get(Header) is { Length: > 0 };
        var path = Target(run, "retry", run.Get(All));
        if (edits && run.Values.GetValue(OneId) is null)
            throw new UsageException("A message is changed one at a time: give its ID together with --edit, --content-type or --header.");
        var body = new JsonObject { ["reason"] = run.Get(Reason) };
        if (run.Get(Edit) is { } file)
        {
            var bytes = Read(file);
            body[Utf8.IsValid(bytes) ? "body" : "body_base64"] = Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : Convert.ToBase64String(bytes);
        }

        if (run.Get(ContentType) is { } type)
            body["content_type"] = type;
        if (run.Get(Header) is { Length: > 0 } headers)
            body["headers"] = new JsonObject(headers.Select(h => h.Split('=', 2)).Select(h => KeyValuePair.Create(h[0], h is [_, { Length: > 0 } value] ? (JsonNode?)value : null)));
        return Decided(run, await run.Server.PostAsync(path, body, cancel), "sent again");
    }

    private static async Task<int> DiscardAsync(Invocation run, CancellationToken cancel) =>
        Decided(run, await run.Server.PostAsync(Target(run, "discard", all: false), new JsonObject { ["reason"] = run.Get(Reason) }, cancel), "discarded");

    private static string Target(Invocation run, string verb, bool all) => (run.Values.GetValue(OneId), run.Get(Group), all) switch
    {
        ({ } id, null, false) => EventMlClient.Path(Resource, id, verb),
        (null, { } group, false) => EventMlClient.Path(Resource, "groups", group, verb),
        (null, null, true) => EventMlClient.Path(Resource, verb),
        _ => throw new UsageException($"Say what to {verb}: an ID{(verb == "retry" ? ", --group GROUP or --all" : " or --group GROUP")}, and only one of them."),
    };

    private static int Decided(Invocation run, ServerReply reply, string what)
    {
        run.Output.Reply(reply, answer =>
        {
            if (answer.Text("id") is { Length: > 0 } id)
                run.Output.Line($"{id} is {answer.Text("state")}.");
            else
                run.Output.Line($"{answer.Text("count")} failed messages are {what}.");
        });
        return ExitCodes.Ok;
    }

    private static void Fields(Invocation run, JsonElement failure)
    {
        run.Output.Fields(
            ("id", failure.Text("id")), ("state", failure.Text("state")), ("queue", failure.Text("queue")), ("kind", failure.Text("kind")), ("message", failure.Text("message_type")),
            ("message id", failure.Text("message_id")), ("group", failure.Text("group")), ("exception", failure.Text("exception_type")), ("reason", failure.Text("reason")),
            ("host", failure.Text("host")), ("failures", failure.Text("failures")), ("redrives", failure.Text("redrives")), ("first failed", failure.Time("first_failed_at")),
            ("last failed", failure.Time("last_failed_at")), ("sent", failure.Time("sent_at")), ("size", failure.Bytes("size_bytes")), ("sha256", failure.Text("body_sha256")));
        run.Output.Line("");
    }

    private static string Shown(JsonElement failure) => failure.Text("body") switch
    {
        { Length: > ShownBody } body => $"{body[..ShownBody]}…\n(--save FILE writes all of it)",
        { Length: 0 } when failure.Text("body_base64").Length > 0 => "The body is not text; --save FILE writes it.",
        var body => body,
    };

    private static byte[] Body(JsonElement failure) =>
        failure.Text("body_base64") is { Length: > 0 } base64 ? Convert.FromBase64String(base64) : Encoding.UTF8.GetBytes(failure.Text("body"));

    private static string Query(string path, params (string Name, string? Value)[] parameters) =>
        parameters.Where(p => p.Value is not null).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}").ToArray() is { Length: > 0 } query ? $"{path}?{string.Join('&', query)}" : path;

    private static byte[] Read(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The body cannot be read: {e.Message}");
        }
    }

    private static void Write(string file, byte[] body)
    {
        try
        {
            File.WriteAllBytes(file, body);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The body cannot be written: {e.Message}");
        }
    }

    private static Option<string?> StateOption()
    {
        var state = GlobalOptions.Optional("--state", "failed|retrying|resolved|discarded", "Only those in this state.");
        state.AcceptOnlyFromAmong("failed", "retrying", "resolved", "discarded");
        return state;
    }
}
