using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Cli.Talking;

namespace EventMl.Cli.Verbs;

internal static class AccessVerbs
{
    private const string Principals = "access/principals";
    private const string Keys = "access/keys";

    private static readonly Argument<string> Principal = GlobalOptions.Name("PRINCIPAL", "Name of the principal: a person, a program, a team.");
    private static readonly Argument<string> KeyId = GlobalOptions.Name("KEY-ID", "Id of the key: key-….");
    private static readonly Option<string> Owner = GlobalOptions.Required("--principal", "NAME", "Whose key it is.");
    private static readonly Option<string> Role = RoleOption(new Option<string>("--role") { Required = true, Description = "What it may do; each role may do what the ones before it may." });
    private static readonly Option<string?> KeyRole = RoleOption(new Option<string?>("--role") { Description = "Role of the key; its principal's when absent." });
    private static readonly Option<string[]> Scope = new("--scope") { HelpName = "AREA", Description = "Area it holds in, such as training; all areas (of the principal, for a key) when absent. May be repeated." };
    private static readonly Option<string[]> BrokerUser = new("--broker-user") { HelpName = "USER", Description = "Account on the broker that speaks for the principal. May be repeated." };
    private static readonly Option<string> Reason = GlobalOptions.Required("--reason", "TEXT", "Why; the ledger keeps it.");

    private static readonly Option<int?> Days = new("--days")
    {
        HelpName = "N",
        Description = "Days until the key expires; never when absent.",
        Validators = { result => { if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var days) || days is < 1 or > 3650)) result.AddError("--days takes a whole number from 1 to 3650."); } },
    };

    public static Command Build(CommandLine cli) => new("access", "Who may do what: principals, their roles and their keys.")
    {
        cli.Verb("whoami", "Show who you are to the server, and what you may do.", WhoAmIAsync),
        new Command("principals", "Those who may do something.")
        {
            cli.Verb("grant", "Give a principal a role, or change what it has.", GrantAsync, Principal, Role, Scope, BrokerUser),
            cli.Verb("list", "List the principals.", ListPrincipalsAsync, GlobalOptions.Limit),
            cli.Verb("show", "Show a principal.", ShowPrincipalAsync, Principal),
            cli.Verb("revoke", "Take all rights and keys of a principal away.", RevokePrincipalAsync, Principal, Reason),
        },
        new Command("keys", "Keys by which programs and people call the server.")
        {
            cli.Verb("create", "Make a key and print it, this once.", CreateKeyAsync, Owner, KeyRole, Scope, Days),
            cli.Verb("list", "List the keys.", ListKeysAsync, GlobalOptions.Limit),
            cli.Verb("show", "Show a key; never its secret.", ShowKeyAsync, KeyId),
            cli.Verb("revoke", "Make a key invalid for ever, everywhere within a second.", RevokeKeyAsync, KeyId, Reason),
        },
    };

    private static async Task<int> WhoAmIAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.GetAsync("access/whoami", cancel);
        run.Output.Reply(reply, who => run.Output.Fields(
            ("actor", who.Text("actor")), ("principal", who.Text("principal") is { Length: > 0 } name ? name : "none; no key was sent"), ("role", who.Text("role")),
            ("scopes", who.Text("scopes")), ("key", who.Text("key_id")), ("key expires", who.Time("key_expires_at"))));
        return ExitCodes.Ok;
    }

    private static async Task<int> GrantAsync(Invocation run, CancellationToken cancel)
    {
        var body = new JsonObject { ["principal"] = run.Get(Principal), ["role"] = run.Get(Role) };
        Add(body, "scopes", run.Get(Scope));
        Add(body, "broker_users", run.Get(BrokerUser));
        run.Output.Reply(await run.Server.PostAsync(Principals, body, cancel), row => ShowPrincipal(run, row));
        return ExitCodes.Ok;
    }

    private static async Task<int> ListPrincipalsAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.ListAsync(Principals, run.Get(GlobalOptions.Limit), cancel);
        run.Output.Reply(reply, rows => run.Output.Rows(
            rows.Rows(), "No principals yet; eventml access principals grant makes one.",
            Column.Of("principal", "principal"), Column.Of("status", "status"), Column.Of("role", "role"), Column.Of("scopes", "scopes"), Column.Of("broker users", "broker_users"),
            new("changed", row => row.Time("changed_at")), Column.Of("by", "changed_by")));
        return ExitCodes.Ok;
    }

    private static async Task<int> ShowPrincipalAsync(Invocation run, CancellationToken cancel)
    {
        run.Output.Reply(await run.Server.GetAsync(EventMlClient.Path("access", "principals", run.Get(Principal)), cancel), row => ShowPrincipal(run, row));
        return ExitCodes.Ok;
    }

    private static async Task<int> RevokePrincipalAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.PostAsync(EventMlClient.Path("access", "principals", run.Get(Principal), "revoke"), new JsonObject { ["reason"] = run.Get(Reason) }, cancel);
        run.Output.Reply(reply, _ => run.Output.Line($"{run.Get(Principal)} has no rights and no keys any more."));
        return ExitCodes.Ok;
    }

    private static async Task<int> CreateKeyAsync(Invocation run, CancellationToken cancel)
    {
        var body = new JsonObject { ["principal"] = run.Get(Owner) };
        if (run.Get(KeyRole) is { } role)
            body["role"] = role;
        Add(body, "scopes", run.Get(Scope));
        if (run.Get(Days) is { } days)
            body["expires_at"] = run.Clock.GetUtcNow().AddDays(days).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var reply = await run.Server.PostAsync(Keys, body, cancel);
        run.Output.Reply(reply, key =>
        {
            run.Output.Line(key.Text("key"));
            run.Output.Problem($"This is {key.Text("id")} of {key.Text("principal")}, {key.Text("role")} of {key.Text("scopes")}. It cannot be shown again; keep it in EVENTML_API_KEY or a secret store.");
        });
        return ExitCodes.Ok;
    }

    private static async Task<int> ListKeysAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.ListAsync(Keys, run.Get(GlobalOptions.Limit), cancel);
        run.Output.Reply(reply, rows => run.Output.Rows(
            rows.Rows(), "No keys yet; eventml access keys create makes one.",
            Column.Of("id", "id"), Column.Of("principal", "principal"), Column.Of("status", "status"), Column.Of("role", "role"), Column.Of("scopes", "scopes"),
            new("issued", row => row.Time("issued_at")), Column.Of("by", "issued_by"), new("expires", row => row.Time("expires_at"))));
        return ExitCodes.Ok;
    }

    private static async Task<int> ShowKeyAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.GetAsync(EventMlClient.Path("access", "keys", run.Get(KeyId)), cancel);
        run.Output.Reply(reply, key => run.Output.Fields(
            ("id", key.Text("id")), ("principal", key.Text("principal")), ("status", key.Text("status")), ("role", key.Text("role")), ("scopes", key.Text("scopes")),
            ("issued", key.Time("issued_at")), ("issued by", key.Text("issued_by")), ("expires", key.Time("expires_at")), ("revoked", key.Time("revoked_at")),
            ("revoked by", key.Text("revoked_by")), ("reason", key.Text("reason"))));
        return ExitCodes.Ok;
    }

    private static async Task<int> RevokeKeyAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.PostAsync(EventMlClient.Path("access", "keys", run.Get(KeyId), "revoke"), new JsonObject { ["reason"] = run.Get(Reason) }, cancel);
        run.Output.Reply(reply, key => run.Output.Line($"{key.Text("id")} of {key.Text("principal")} is revoked."));
        return ExitCodes.Ok;
    }

    private static void ShowPrincipal(Invocation run, JsonElement row) => run.Output.Fields(
        ("principal", row.Text("principal")), ("status", row.Text("status")), ("role", row.Text("role")), ("scopes", row.Text("scopes")), ("broker users", row.Text("broker_users")),
        ("granted", row.Time("granted_at")), ("changed", row.Time("changed_at")), ("by", row.Text("changed_by")), ("reason", row.Text("reason")));

    private static void Add(JsonObject body, string name, string[]? values)
    {
        if (values is { Length: > 0 })
            body[name] = new JsonArray([.. values.Select(v => (JsonNode)v)]);
    }

    private static Option<T> RoleOption<T>(Option<T> option)
    {
        option.HelpName = "viewer|developer|approver|admin";
        option.AcceptOnlyFromAmong("viewer", "developer", "approver", "admin");
        return option;
    }
}
