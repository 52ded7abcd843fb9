using System.Text.Json;
using EventMl.Cli.Talking;
using Spectre.Console;

namespace EventMl.Cli.Watching;

/// <summary>Follows a task until it ends; survives a server that restarts meanwhile.</summary>
internal sealed class TaskWatcher(Invocation run, TaskKind kind, string id, IProgressView view)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly HashSet<string> _seenEpochs = [];

    public static async Task<int> WatchAsync(Invocation run, TaskKind kind, string id, CancellationToken cancel)
    {
        try
        {
            var reply = await FollowAsync(run, kind, id, cancel);
            run.Output.Reply(reply, task =>
            {
                run.Output.Line("");
                TaskTable.Fields(run.Output, task);
            });
            if (reply.Json.Text("status") == "completed")
                return ExitCodes.Ok;
            run.Output.Problem(TaskTable.Error(reply.Json));
            run.Output.Problem($"Its log: eventml tasks logs {id}");
            return ExitCodes.Failed;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            run.Output.Problem($"No longer watching; task {id} goes on. Watch it again with: eventml tasks watch {id}; end it with: eventml tasks cancel {id}");
            return ExitCodes.Interrupted;
        }
    }

    private static Task<ServerReply> FollowAsync(Invocation run, TaskKind kind, string id, CancellationToken cancel)
    {
        if (run.Output.IsJson)
            return new TaskWatcher(run, kind, id, new SilentView(run.Output)).FollowAsync(cancel);
        if (!run.Output.IsTerminal)
            return new TaskWatcher(run, kind, id, new LineView(run.Output)).FollowAsync(cancel);
        return run.Output.Console.Progress()
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(context => new TaskWatcher(run, kind, id, new BarView(run.Output, context.AddTask(Markup.Escape(id)))).FollowAsync(cancel));
    }

    private async Task<ServerReply> FollowAsync(CancellationToken cancel)
    {
        long? silentSince = null;
        while (true)
        {
            try
            {
                var task = await LookAsync(cancel);
                silentSince = null;
                if (task.Json.Text("status") is "completed" or "failed")
                    return task;
            }
            catch (CliException e) when (e is UnreachableException or RefusedException { IsPassing: true })
            {
                if (silentSince is null)
                    view.Note($"The server does not answer; trying again for {Patience.TotalSeconds:0} seconds.");
                silentSince ??= run.Clock.GetTimestamp();
                if (run.Clock.GetElapsedTime(silentSince.Value) > Patience)
                    throw;
            }
            await Task.Delay(Interval, run.Clock, cancel);
        }
    }

    private async Task<ServerReply> LookAsync(CancellationToken cancel)
    {
        var path = EventMlClient.Path(kind.Resource, id);
        var task = await run.Server.GetAsync(path, cancel);
        if (kind == TaskKind.Training)
        {
            var epochs = await run.Server.ListAsync($"{path}/epochs", null, cancel);
            foreach (var epoch in epochs.Json.Rows().Where(e => _seenEpochs.Add($"{e.Text("attempt")}/{e.Text("epoch")}")))
                view.Epoch(epoch);
        }
        view.Show(task.Json);
        return task;
    }
}
