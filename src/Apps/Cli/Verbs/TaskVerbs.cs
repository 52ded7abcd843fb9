using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Cli.Talking;
using EventMl.Cli.Watching;

namespace EventMl.Cli.Verbs;

internal static class TaskVerbs
{
    private static readonly Argument<string> Id = TaskId();
    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Go on until the task ends." };
    private static readonly Option<string?> Kind = OnlyKind();

    public static Command Build(CommandLine cli) => new("tasks", "Ingestion and training tasks.")
    {
        cli.Verb("list", "List the tasks, the newest first.", ListAsync, Kind, GlobalOptions.Limit),
        cli.Verb("show", "Show a task.", ShowAsync, Id),
        cli.Verb("watch", "Show a task's progress until it ends; exit code 1 when it failed.",
            (run, cancel) => TaskWatcher.WatchAsync(run, TaskKind.Of(run.Get(Id)), run.Get(Id), cancel), Id),
        cli.Verb("cancel", "End a running task.", CancelAsync, Id),
        cli.Verb("logs", "Print a task's log.", LogsAsync, Id, Follow),
        cli.Verb("epochs", "List the completed epochs of a training.", EpochsAsync, Id, GlobalOptions.Limit),
    };

    private static async Task<int> ListAsync(Invocation run, CancellationToken cancel)
    {
        var limit = run.Get(GlobalOptions.Limit);
        var kinds = TaskKind.All.Where(kind => run.Get(Kind) is not { } only || kind.Noun == only).ToArray();
        var lists = new List<ServerReply>();
        foreach (var kind in kinds)
            lists.Add(await run.Server.ListAsync(kind.Resource, limit, cancel));
        var reply = lists is [var single]
            ? single
            : EventMlClient.Joined(lists.SelectMany(list => list.Json.Rows()).OrderByDescending(task => task.Instant("created_at")).Take(limit ?? int.MaxValue));
        run.Output.Reply(reply, tasks => TaskTable.Rows(run.Output, tasks.Rows()));
        return ExitCodes.Ok;
    }

    private static async Task<int> ShowAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.GetAsync(PathOf(run), cancel);
        run.Output.Reply(reply, task => TaskTable.Fields(run.Output, task));
        return ExitCodes.Ok;
    }

    private static async Task<int> CancelAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.PostAsync($"{PathOf(run)}/cancel", new JsonObject(), cancel);
        run.Output.Reply(reply, task => TaskTable.Fields(run.Output, task));
        return ExitCodes.Ok;
    }

    private static async Task<int> LogsAsync(Invocation run, CancellationToken cancel)
    {
        await run.Server.CopyTextAsync(PathOf(run) + (run.Get(Follow) ? "/logs?follow=true" : "/logs"), run.Output.Raw, cancel);
        return ExitCodes.Ok;
    }

    private static async Task<int> EpochsAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.ListAsync($"{PathOf(run)}/epochs", run.Get(GlobalOptions.Limit), cancel);
        run.Output.Reply(reply, epochs => run.Output.Rows(
            epochs.Rows(), "No epoch is completed yet.",
            new("epoch", e => $"{e.Text("epoch")}/{e.Text("epochs")}"), Column.Of("attempt", "attempt"), Column.Of("metrics", "metrics"),
            Column.Of("learning rate", "learning_rate"), Column.Of("samples/s", "samples_per_second"),
            Column.Of("seconds", "elapsed_seconds"), new("completed", e => e.Time("completed_at"))));
        return ExitCodes.Ok;
    }

    private static string PathOf(Invocation run) => EventMlClient.Path(TaskKind.Of(run.Get(Id)).Resource, run.Get(Id));

    private static Argument<string> TaskId()
    {
        var id = GlobalOptions.Name("ID", "Id of the task: ingest-…, task-… or train-….");
        id.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !TaskKind.All.Any(kind => kind.Has(token.Value)))
                result.AddError($"'{token.Value}' is not the id of a task; it begins with ingest-, task- or train-. See eventml tasks list.");
        });
        return id;
    }

    private static Option<string?> OnlyKind()
    {
        var kind = GlobalOptions.Optional("--kind", "ingestion|training", "Only tasks of this kind.");
        kind.AcceptOnlyFromAmong([.. TaskKind.All.Select(k => k.Noun)]);
        return kind;
    }
}
