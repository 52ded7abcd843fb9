using System.Text.Json;
using EventMl.EndToEnd.Tests.Hosting;

namespace EventMl.EndToEnd.Tests;

/// <summary>Workers and their children are killed and stopped while they train; the ledger must read as if nothing had happened.</summary>
public sealed class TrainingCrashTests
{
    // On two busy cores an epoch of the CNN over these images takes a second or more.
    private const int Train = 4000;

    private static object Slow(int epochs) => new { epochs, threads = 1, seed = 7 };

    [Fact]
    public async Task Epochs_are_not_trained_again_when_the_worker_is_killed_in_the_second()
    {
        await using var platform = await Platform.CreateAsync(Train);
        var host = await platform.StartAsync();
        string taskId;
        IReadOnlyList<int> children;
        using (var user = new Rest(host))
        {
            await user.EndedAsync("ingestion-tasks", await user.IngestAsync("in", "small"));
            taskId = (await user.TrainAsync("tr", "small", "cnn", Slow(3), Rest.Cnn)).GetProperty("id").GetString()!;
            await UntilEventAsync(platform, "epoch_completed");
            children = Processes.OfTask(taskId);
            children.ShouldNotBeEmpty();
            await host.KillAsync();
        }

        await Wait.UntilAsync(() => !children.Any(Processes.IsAlive), "the killed worker's child to be dead", TimeSpan.FromSeconds(5));
        (await platform.Database.CountAsync("epoch_completed")).ShouldBe(1, "the kill hit the second epoch");

        var again = await platform.StartAsync();
        var ready = TimeProvider.System.GetTimestamp();
        var worked = new HashSet<string>(StringComparer.Ordinal);
        await Wait.UntilAsync(async () => (await platform.Database.EventsAsync("training_started")).Any(e => e.Attempt == 2), "the second attempt", TimeSpan.FromSeconds(60));
        TimeProvider.System.GetElapsedTime(ready).ShouldBeLessThan(TimeSpan.FromSeconds(30));
        using var returned = new Rest(again);
        await Wait.UntilAsync(
            async () =>
            {
                worked.Add(await platform.Database.ScalarAsync<string>($"select message from training.job_progress where id = '{taskId}' and attempt = 2") ?? "");
                return await platform.Database.CountAsync("training_completed") > 0;
            },
            "the training to be completed");
        await returned.JudgedAsync("cnn");
        await platform.Database.AtRestAsync();

        var epochs = await platform.Database.EventsAsync("epoch_completed");
        epochs.Select(e => (e.Attempt, e.Epoch)).ShouldBe([(1, 1), (2, 2), (2, 3)]);
        (await platform.Database.EventsAsync("training_started")).Select(e => e.Data.GetProperty("ResumedAfterEpoch").GetInt32()).ShouldBe([0, 1]);
        worked.ShouldContain(p => p.StartsWith("epoch 2 of 3", StringComparison.Ordinal));
        worked.ShouldNotContain(p => p.StartsWith("epoch 1 of 3", StringComparison.Ordinal), "epoch 1 is not trained again");
        (await platform.Database.CountAsync("model_trained")).ShouldBe(1);
        (await platform.Database.CountAsync("model_registered")).ShouldBe(1);
        (await platform.Database.CountAsync("training_completed")).ShouldBe(1);
    }

    [Fact]
    public async Task A_workers_writes_are_refused_when_it_was_stopped_beyond_its_lease()
    {
        await using var platform = await Platform.CreateAsync(Train, settings: ("EVENTML_JOB_LEASE_SECONDS", "3"));
        var rest = platform.Begin("datasets,models,audit,sagas");
        var workers = new[] { platform.Begin("training"), platform.Begin("training") };
        await Task.WhenAll(workers.Append(rest).Select(h => h.ReadyAsync()));
        using var user = new Rest(rest);
        using var trainer = new Rest(workers[0]);
        await user.EndedAsync("ingestion-tasks", await user.IngestAsync("in", "small"));
        var task = await trainer.TrainAsync("tr", "small", "cnn", Slow(4), Rest.Cnn);
        await UntilEventAsync(platform, "epoch_completed");
        var first = (await platform.Database.EventsAsync("training_started"))[0];
        var stopped = workers.Single(w => first.Worker.Split('/')[1] == $"{w.Id}");
        stopped.Stop();
        await Wait.UntilAsync(async () => (await platform.Database.EventsAsync("training_started")).Any(e => e.Attempt == 2), "another worker to take over");
        var taken = (await platform.Database.EventsAsync()).Max(e => e.Position);
        stopped.Continue();

        await Wait.UntilAsync(
            () => stopped.HasLogged("is gone; its work is ended") || stopped.HasLogged("does not hold its lease any more"), "the continued worker to see that it lost the job");
        using var other = new Rest(workers.Single(w => w != stopped));
        await other.EndedAsync("training-tasks", task);
        await user.JudgedAsync("cnn");
        await platform.Database.AtRestAsync();

        var after = (await platform.Database.EventsAsync()).Where(e => e.Position > taken && e.Data.TryGetProperty("Attempt", out _)).ToArray();
        after.ShouldNotBeEmpty();
        after.ShouldAllBe(e => e.Attempt == 2);
        (await platform.Database.EventsAsync("epoch_completed")).Select(e => e.Epoch).ShouldBe([1, 2, 3, 4]);
        (await platform.Database.EventsAsync("model_trained")).ShouldHaveSingleItem().Attempt.ShouldBe(2);
        (await platform.Database.CountAsync("model_registered")).ShouldBe(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_task_fails_with_the_signals_name_when_its_child_gets_a_segmentation_fault(bool script)
    {
        await using var platform = await Platform.CreateAsync(script ? 100 : Train, 50);
        var host = await platform.StartAsync();
        using var user = new Rest(host);
        await user.EndedAsync("ingestion-tasks", await user.IngestAsync("in", "small"));
        var task = script
            ? await user.PostAsync("training-tasks", new { name = "tr", input = "small", output = "m", script = "faulty/faulty.py", @params = new { fault = "segfault" } })
            : await user.TrainAsync("tr", "small", "m", Slow(50), Rest.Cnn);
        if (!script)
        {
            var id = task.GetProperty("id").GetString()!;
            await user.UntilAsync($"training-tasks/{id}", t => t.Member("progress").ValueKind == JsonValueKind.Object);
            var child = Processes.OfTask(id)[0];
            // The .NET runtime takes a sent signal once and then leaves it to the kernel.
            Processes.Signal(child, Processes.SigSegv);
            await Wait.UntilAsync(() => !Processes.IsAlive(child) || !Processes.TrySignal(child, Processes.SigSegv), "the child to be ended by the signal", TimeSpan.FromSeconds(20));
        }

        var failed = await user.EndedAsync("training-tasks", task, "failed");

        failed.GetProperty("error").GetRawText().ShouldContain("SIGSEGV");
        (await platform.Database.EventsAsync("training_failed")).ShouldHaveSingleItem().Data.GetRawText().ShouldContain("SIGSEGV");
        (await platform.Database.CountAsync("model_registered")).ShouldBe(0);
        await user.EndedAsync("training-tasks", await user.TrainAsync("tr", "small", "m", new { epochs = 1, threads = 1 }));
    }

    private static Task UntilEventAsync(Platform platform, string type) =>
        Wait.UntilAsync(async () => await platform.Database.CountAsync(type) > 0, $"{type} in the ledger\n{platform.Logs}");
}
