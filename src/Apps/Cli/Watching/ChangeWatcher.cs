using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Cli.Talking;

namespace EventMl.Cli.Watching;

/// <summary>Waits for a change of a dataset, which takes a worker seconds or minutes.</summary>
internal static class ChangeWatcher
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>Asks for a change and, unless told otherwise, waits for its end.</summary>
    public static async Task<int> RequestAsync(Invocation run, string path, JsonObject body, bool wait, CancellationToken cancel) =>
        await FollowAsync(run, await run.Server.PostAsync(path, body, cancel), wait, cancel);

    /// <summary>Shows a change that was accepted, at once or when it has ended; exit code 1 when it failed.</summary>
    public static async Task<int> FollowAsync(Invocation run, ServerReply reply, bool wait, CancellationToken cancel)
    {
        var (dataset, id) = (reply.Json.Text("dataset"), reply.Json.Text("id"));
        try
        {
            while (wait && reply.Json.Text("status") is not ("completed" or "failed"))
            {
                await Task.Delay(Interval, run.Clock, cancel);
                reply = await run.Server.GetAsync(EventMlClient.Path("datasets", dataset, "changes", id), cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            run.Output.Problem($"No longer waiting; change {id} goes on. See it with: eventml datasets changes {dataset}");
            return ExitCodes.Interrupted;
        }

        run.Output.Reply(reply, change => run.Output.Line(Sentence(change)));
        if (reply.Json.Text("status") != "failed")
            return ExitCodes.Ok;
        var error = reply.Json.Member("error");
        run.Output.Problem($"{error.Text("code")}: {error.Text("message")}");
        return ExitCodes.Failed;
    }

    /// <summary>What came of a change.</summary>
    public static string Sentence(JsonElement change)
    {
        var (dataset, operation) = (change.Text("dataset"), change.Text("operation"));
        return change.Text("status") switch
        {
            "failed" => $"{operation} of {dataset} failed.",
            "completed" when change.Text("version") is { Length: > 0 } version => $"{operation} made {dataset}@{version}.",
            "completed" when change.Text("reason") is { Length: > 0 } reason => $"{dataset} is left as it is: {reason}",
            "completed" => $"{operation} of {dataset}: {Collected(change)}",
            var status => $"{operation} of {dataset} is {status} as {change.Text("id")}.",
        };
    }

    private static string Collected(JsonElement change)
    {
        var versions = change.Text("expired_versions") is { Length: > 0 } gone ? $"versions {gone} are gone" : "no version had to go";
        return $"{versions}; {change.Text("deleted_files")} files of {change.Bytes("deleted_bytes")} were deleted.";
    }
}
