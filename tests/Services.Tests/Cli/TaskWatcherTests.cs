using System.Diagnostics;
using System.Text.Json;

namespace EventMl.Services.Tests.Cli;

public sealed class TaskWatcherTests
{
    private const string Running = """{"id":"train-1","name":"cnn","status":"running","attempt":1,"progress":{"done":10,"total":100,"message":"reading"}}""";
    private const string Completed = """{"id":"train-1","name":"cnn","status":"completed","output":"fashion","metrics":{"test_accuracy":0.9123},"model":{"name":"fashion","version":2}}""";
    private const string Failed = """{"id":"train-1","name":"cnn","status":"failed","error":{"code":"SCRIPT_CRASHED","message":"The script was ended by SIGSEGV."}}""";

    [Fact]
    public async Task Prints_every_epoch_once_and_the_results_when_a_training_completes()
    {
        await using var server = await StartAsync([Running, Running, Running, Completed], epochsByLook: [0, 1, 1, 2]);

        var run = await CliRun.AgainstAsync(server, "tasks", "watch", "train-1");

        run.ExitCode.ShouldBe(0, run.Error);
        run.Out.Split('\n').Count(line => line.StartsWith("epoch 1/2", StringComparison.Ordinal)).ShouldBe(1);
        run.Out.ShouldContain("epoch 2/2  train_loss 0.5  lr 0.001  1240 samples/s  12.3 s");
        run.Out.Split('\n').Count(line => line.Contains("10 % reading")).ShouldBe(1);
        run.Out.ShouldContain("fashion version 2");
        run.Out.ShouldContain("0.9123");
        run.Out.ShouldNotContain("\u001b", Case.Sensitive, "piped output has no bars");
    }

    [Fact]
    public async Task Prints_a_line_for_every_tenth_only_when_piped()
    {
        static string At(int done) => Running.Replace("10,", $"{done},", StringComparison.Ordinal).Replace("reading", $"{done} of 100 records", StringComparison.Ordinal);
        await using var server = await StartAsync([At(10), At(11), At(19), At(20), Completed], epochsByLook: [0, 0, 0, 0, 0]);

        var run = await CliRun.AgainstAsync(server, "tasks", "watch", "train-1");

        run.Out.Split('\n').Where(line => line.Contains("records")).ShouldBe(["cnn: running 10 % 10 of 100 records", "cnn: running 20 % 20 of 100 records"]);
    }

    [Fact]
    public async Task Draws_a_bar_and_lets_epochs_scroll_by_when_on_a_terminal()
    {
        await using var server = await StartAsync([Running, Running, Completed], epochsByLook: [0, 1, 2]);
        // script(1) runs the command on a terminal of its own.
        var start = new ProcessStartInfo("script", ["-qec", $"stty cols 120; '{CliProcess.Executable}' --url {server.Url} tasks watch train-1", "/dev/null"])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardInput = true,
        };
        start.Environment["TERM"] = "xterm-256color";
        using var terminal = Process.Start(start)!;

        var shown = await terminal.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);

        await terminal.WaitForExitAsync(TestContext.Current.CancellationToken);
        terminal.ExitCode.ShouldBe(0, shown);
        shown.ShouldContain("━━━");
        shown.ShouldContain("100%");
        shown.ShouldContain("epoch 2/2  train_loss 0.5");
        shown.ShouldContain("fashion version 2");
    }

    [Fact]
    public async Task Answers_1_with_the_reason_when_the_watched_task_fails()
    {
        await using var server = await StartAsync([Running, Failed], epochsByLook: [0, 0]);

        var run = await CliRun.AgainstAsync(server, "tasks", "watch", "train-1");

        run.ExitCode.ShouldBe(1);
        run.Error.ShouldContain("SCRIPT_CRASHED: The script was ended by SIGSEGV.");
        run.Error.ShouldContain("eventml tasks logs train-1");
    }

    [Fact]
    public async Task Prints_only_the_finished_task_when_json_is_asked_for()
    {
        await using var server = await StartAsync([Running, Completed], epochsByLook: [1, 2]);

        var run = await CliRun.AgainstAsync(server, "train", "--name", "cnn", "--input", "d", "--output", "fashion", "--script", "s.py", "--watch", "--format", "json");

        run.ShouldBe(new CliRun(0, Completed + Environment.NewLine, ""));
    }

    [Fact]
    public async Task Goes_on_watching_when_the_server_is_away_for_a_moment()
    {
        await using var server = await StartAsync([Running, "ABORT", "503", Completed], epochsByLook: [0, 0, 0, 2]);

        var run = await CliRun.AgainstAsync(server, "tasks", "watch", "train-1");

        run.ExitCode.ShouldBe(0, run.Error);
        run.Error.Split("does not answer").Length.ShouldBe(2, "said once");
    }

    [Fact]
    public async Task Stops_at_once_when_the_watched_task_is_unknown()
    {
        await using var server = await RestServer.AnsweringAsync(404, """{"error":{"code":"TASK_NOT_FOUND","message":"No task ingest-9."}}""");

        var run = await CliRun.AgainstAsync(server, "tasks", "watch", "ingest-9");

        run.ExitCode.ShouldBe(1);
        run.Error.ShouldStartWith("TASK_NOT_FOUND: No task ingest-9.");
        server.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Asks_for_no_epochs_when_an_ingestion_is_watched()
    {
        await using var server = await RestServer.AnsweringAsync(200, """{"id":"ingest-1","name":"mnist","status":"completed","stats":{"total_records":70000}}""");

        var run = await CliRun.AgainstAsync(server, "ingest", "--name", "mnist", "--input", "/d", "--source", "idx", "--output", "ds", "--watch");

        run.ExitCode.ShouldBe(0);
        run.Out.ShouldContain("70000");
        server.Requests.ShouldAllBe(request => !request.Contains("epochs"));
    }

    [Fact]
    public async Task Says_how_to_go_on_when_the_process_gets_ctrl_c()
    {
        var token = TestContext.Current.CancellationToken;
        var looked = new TaskCompletionSource();
        await using var server = await RestServer.StartAsync((context, path) =>
        {
            looked.TrySetResult();
            return RestServer.WriteAsync(context, path.Contains("/epochs") ? "[]" : Running);
        });
        using var cli = CliProcess.Start("--url", server.Url, "tasks", "watch", "train-1");
        await looked.Task.WaitAsync(TimeSpan.FromSeconds(30), token);

        cli.Interrupt();

        var run = await cli.EndAsync(token);
        run.ExitCode.ShouldBe(130, run.Error);
        run.Error.ShouldContain("task train-1 goes on");
        run.Error.ShouldContain("eventml tasks watch train-1");
        run.Error.ShouldContain("eventml tasks cancel train-1");
        server.Requests.ShouldAllBe(request => request.StartsWith("GET "));
    }

    /// <summary>The n-th look at the task gets the n-th state; the epochs are those completed by then.</summary>
    private static Task<RestServer> StartAsync(string[] states, int[] epochsByLook)
    {
        var looks = 0;
        return RestServer.StartAsync((context, path) =>
        {
            if (context.Request.Method == "POST")
                return RestServer.WriteAsync(context, Running, 201);
            if (path.Contains("/epochs"))
                return RestServer.WriteAsync(context, $"[{string.Join(',', Enumerable.Range(1, epochsByLook[looks - 1]).Select(Epoch))}]");
            var state = states[Math.Min(looks++, states.Length - 1)];
            if (state == "ABORT")
                context.Abort();
            return state switch
            {
                "ABORT" => Task.CompletedTask,
                "503" => RestServer.WriteAsync(context, """{"error":{"code":"UNAVAILABLE","message":"Starting."}}""", 503),
                _ => RestServer.WriteAsync(context, state),
            };
        });
    }

    private static string Epoch(int number) => JsonSerializer.Serialize(new
    {
        epoch = number,
        epochs = 2,
        attempt = 1,
        metrics = new { train_loss = 1.0 / number },
        learning_rate = 0.001,
        samples_per_second = 1240.4,
        elapsed_seconds = 12.34,
        remaining_seconds = 0.0,
    });
}
