using System.Collections.Concurrent;
using EventMl.Bus;

namespace EventMl.Services.Tests.Cli;

/// <summary>Keys on their way from the shell to the server, and nowhere else.</summary>
public sealed class AccessVerbTests
{
    private static readonly string _key = ApiKeySecret.Create("key-0123456789abcdef0123456789abcdef").Reveal();

    [Fact]
    public async Task Key_goes_with_every_request_and_the_option_before_the_variable()
    {
        var sent = new ConcurrentQueue<string>();
        await using var server = await RestServer.StartAsync((context, _) =>
        {
            sent.Enqueue(context.Request.Headers.Authorization.ToString());
            return RestServer.WriteAsync(context, "[]");
        });

        await CliRun.RunAsync(name => name == "EVENTML_API_KEY" ? _key : null, ["--url", server.Url, "models", "list"]);
        await CliRun.RunAsync(name => name == "EVENTML_API_KEY" ? "eml_other" : null, ["--url", server.Url, "models", "list", "--key", _key]);
        await CliRun.RunAsync(_ => null, ["--url", server.Url, "models", "list"]);

        sent.ShouldBe([$"Bearer {_key}", $"Bearer {_key}", ""]);
    }

    [Fact]
    public async Task Key_is_printed_nowhere_when_it_is_malformed_or_refused()
    {
        await using var server = await RestServer.AnsweringAsync(401, """{"error":{"code":"UNAUTHENTICATED","message":"There is no such key."}}""");

        var refused = await CliRun.RunAsync(_ => null, ["--url", server.Url, "--key", _key, "access", "whoami"]);
        var malformed = await CliRun.RunAsync(_ => null, ["--url", server.Url, "--key", "my secret", "access", "whoami"]);

        refused.ExitCode.ShouldBe(1);
        refused.Error.Trim().ShouldBe("UNAUTHENTICATED: There is no such key.");
        (refused.Out + refused.Error).ShouldNotContain(_key);
        malformed.ExitCode.ShouldBe(2);
        (malformed.Out + malformed.Error).ShouldNotContain("my secret");
    }

    [Fact]
    public async Task New_key_alone_is_on_standard_output_so_that_it_can_be_kept()
    {
        await using var server = await RestServer.AnsweringAsync(201, $$"""{"id":"key-1","principal":"ann","role":"viewer","scopes":["training"],"issued_at":"2026-01-01T00:00:00Z","key":"{{_key}}"}""");

        var run = await CliRun.AgainstAsync(server, "access", "keys", "create", "--principal", "ann", "--role", "viewer", "--scope", "training");

        server.Requests.ShouldBe(["""POST /api/v1/access/keys {"principal":"ann","role":"viewer","scopes":["training"]}"""]);
        run.Out.Trim().ShouldBe(_key);
        run.Error.ShouldContain("cannot be shown again");
    }

    [Fact]
    public async Task Verbs_ask_for_what_they_say()
    {
        await using var server = await RestServer.AnsweringAsync(200, "{}");

        await CliRun.AgainstAsync(server, "access", "principals", "grant", "ann", "--role", "approver", "--broker-user", "ann-amqp");
        await CliRun.AgainstAsync(server, "access", "principals", "revoke", "ann", "--reason", "left");
        await CliRun.AgainstAsync(server, "access", "keys", "revoke", "key-1", "--reason", "rotated");
        await CliRun.AgainstAsync(server, "access", "principals", "show", "ann", "--as-of", "12");
        (await CliRun.AgainstAsync(server, "access", "principals", "grant", "ann", "--role", "owner")).ExitCode.ShouldBe(2);
        (await CliRun.AgainstAsync(server, "access", "keys", "create", "--principal", "ann", "--days", "0")).ExitCode.ShouldBe(2);

        server.Requests.ShouldBe([
            """POST /api/v1/access/principals {"principal":"ann","role":"approver","broker_users":["ann-amqp"]}""",
            """POST /api/v1/access/principals/ann/revoke {"reason":"left"}""",
            """POST /api/v1/access/keys/key-1/revoke {"reason":"rotated"}""",
            "GET /api/v1/access/principals/ann?as_of=12",
        ]);
    }
}
