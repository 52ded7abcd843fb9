using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Cli.Talking;
using EventMl.EventStore.Proof;

namespace EventMl.Cli.Verbs;

/// <summary>Verbs that prove the record; those on a file need no server.</summary>
internal static class ProofVerbs
{
    private static readonly Option<string?> Export = GlobalOptions.Optional("--export", "FILE", "Verify this export, without any server.");
    private static readonly Option<string?> Proof = GlobalOptions.Optional("--proof", "FILE", "Verify this proof of one event, without any server.");
    private static readonly Option<string?> Key = GlobalOptions.Optional("--key", "PUBLIC.pem", "Public key of the ledger, with --export or --proof; the one in the file itself when absent.");
    private static readonly Option<string> Output = GlobalOptions.Required("--output", "FILE", "Where to write the ZIP file.");
    private static readonly Argument<long> Position = new("position") { HelpName = "POSITION", Description = "Position of the event; eventml audit history prints it." };
    private static readonly Option<string[]> Members = new("--member") { HelpName = "NAME", Description = "Member of the event's data to mask, dots between nested names. May be repeated.", Required = true };
    private static readonly Option<string> Reason = GlobalOptions.Required("--reason", "TEXT", "Why; it stands in the ledger for ever.");

    public static IEnumerable<Command> Build(CommandLine cli)
    {
        var verify = cli.Verb("verify", "Compare the ledger with its signed heads; exit code 4 when somebody has touched it.", VerifyAsync, Export, Proof, Key);
        verify.Validators.Add(result =>
        {
            if (result.GetResult(Export) is not null && result.GetResult(Proof) is not null)
                result.AddError("Give either --export FILE or --proof FILE.");
            if (result.GetResult(Key) is not null && result.GetResult(Export) is null && result.GetResult(Proof) is null)
                result.AddError("--key goes with --export or --proof; the server verifies with its own.");
        });
        yield return verify;
        yield return cli.Verb("export", "Write the ledger with everything that proves it into one ZIP file.", ExportAsync, Output);
        yield return cli.Verb("prove", "Print the proof that an event stands at its position, as JSON for verify --proof.", ProveAsync, Position);
        yield return cli.Verb("mask", "Replace values in an event for ever; that it was done stands in the ledger, the values nowhere.", MaskAsync, Position, Members, Reason);
    }

    private static async Task<int> VerifyAsync(Invocation run, CancellationToken cancel)
    {
        if (run.Get(Proof) is { } proof)
            return await OnFileAsync(() => VerifyProofAsync(run, proof, cancel));
        if (run.Get(Export) is { } export)
            return await OnFileAsync(() => VerifyExportAsync(run, export, cancel));
        return Show(run, await run.Server.GetSlowlyAsync("audit/verify", cancel));
    }

    private static async Task<int> VerifyExportAsync(Invocation run, string path, CancellationToken cancel)
    {
        using var evidence = ArchiveEvidence.Open(path);
        using var keys = await KeysAsync(run, await evidence.PublicKeyAsync(cancel), cancel);
        var report = JsonSerializer.Serialize(await new LedgerVerifier(evidence, keys).VerifyAsync(cancel), ReportJson);
        return Show(run, new ServerReply(report, JsonElement.Parse(report), null));
    }

    private static async Task<int> VerifyProofAsync(Invocation run, string path, CancellationToken cancel)
    {
        var proof = InclusionProof.Parse(await File.ReadAllTextAsync(path, cancel));
        using var keys = await KeysAsync(run, proof.PublicKey, cancel);
        var findings = proof.Check(keys);
        var head = proof.SignedHead.Head;
        var json = JsonSerializer.Serialize(new { Intact = findings.Count == 0, proof.Row.Position, proof.Row.Facts!.Stream, proof.Row.Facts.Type, head.Size, SignedAt = head.At, proof.SignedHead.KeyId, Findings = findings }, ReportJson);
        run.Output.Reply(new ServerReply(json, JsonElement.Parse(json), null), _ =>
        {
            run.Output.Line(findings.Count == 0
                ? $"The event {proof.Row.Facts.Type} stands at position {proof.Row.Position} of the {head.Size} events that were signed at {head.At:yyyy-MM-dd HH:mm:ss'Z'} with key {proof.SignedHead.KeyId}."
                : "The proof does NOT hold.");
            foreach (var finding in findings)
                run.Output.Line(finding.Message);
        });
        return findings.Count == 0 ? ExitCodes.Ok : ExitCodes.NotIntact;
    }

    private static async Task<int> ExportAsync(Invocation run, CancellationToken cancel)
    {
        var path = run.Get(Output)!;
        return await OnFileAsync(async () =>
        {
            // The name appears when all of it is there.
            var part = path + ".part";
            try
            {
                await using (var file = File.Create(part))
                    await run.Server.CopyAsync("audit/export", file, cancel);
                File.Move(part, path, overwrite: true);
            }
            finally
            {
                File.Delete(part);
            }
            run.Output.Line($"The ledger is in {path}. Verify it anywhere with: eventml audit verify --export {path} --key PUBLIC.pem");
            return ExitCodes.Ok;
        });
    }

    private static async Task<int> ProveAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.GetSlowlyAsync(EventMlClient.Path("audit", "events", run.Get(Position).ToString(), "proof"), cancel);
        await run.Output.Raw.WriteLineAsync(reply.Body.AsMemory(), cancel);
        return ExitCodes.Ok;
    }

    private static async Task<int> MaskAsync(Invocation run, CancellationToken cancel)
    {
        var body = new JsonObject { ["members"] = new JsonArray([.. run.Get(Members)!.Select(m => JsonValue.Create(m))]), ["reason"] = run.Get(Reason) };
        var reply = await run.Server.PostAsync(EventMlClient.Path("audit", "events", run.Get(Position).ToString(), "mask"), body, cancel);
        run.Output.Reply(reply, masked => run.Output.Line(
            $"Masked {masked.Text("members")} of the event at position {masked.Text("position")} ({masked.Text("stream")}). Views, exports, backups and messages made before still hold the values."));
        return ExitCodes.Ok;
    }

    private static int Show(Invocation run, ServerReply reply)
    {
        var intact = reply.Json.Member("intact").ValueKind == JsonValueKind.True;
        run.Output.Reply(reply, report =>
        {
            run.Output.Line(intact ? "The record is intact." : $"The record was TOUCHED; the first bad position is {report.Text("first_bad_position")}.");
            run.Output.Fields(
                ("events", report.Text("events")), ("anchored to", $"position {report.Text("anchored_to")}, {report.Text("anchors")} anchors"), ("signed at", report.Time("anchored_at")),
                ("not anchored yet", $"{report.Text("not_anchored")} events: a change there could be hidden"), ("masked", report.Text("masked")),
                ("root", report.Text("root")), ("trusted keys", report.Text("keys")));
            if (!intact)
                run.Output.Rows(report.Member("findings").Rows(), "", Column.Of("position", "position"), Column.Of("what", "kind"), Column.Of("finding", "message"));
        });
        return intact ? ExitCodes.Ok : ExitCodes.NotIntact;
    }

    private static async Task<TrustedKeys> KeysAsync(Invocation run, string own, CancellationToken cancel)
    {
        if (run.Get(Key) is { } path)
            return TrustedKeys.Parse(await File.ReadAllTextAsync(path, cancel));
        run.Output.Problem("No --key was given: the key in the file itself is trusted, which whoever made the file could choose.");
        return TrustedKeys.Parse(own);
    }

    private static async Task<int> OnFileAsync(Func<Task<int>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is FormatException or LedgerKeyException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new UsageException(e.Message);
        }
    }

    // The server's own form, so that one program can read both.
    private static readonly JsonSerializerOptions ReportJson = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}
