using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using EventMl.Jobs;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace EventMl.Foundation.Tests.Bus;

/// <summary>An area appends to its own categories and nowhere else, because PostgreSQL says so.</summary>
public sealed class AreaRoleTests
{
    private static readonly CategoryOwner[] Owners = [new("training", "training_task", "training_task_refusal"), new("models", "model")];

    [Fact]
    public async Task Command_works_with_the_role_of_its_area_when_it_keeps_to_its_own()
    {
        await using var scenario = await ScenarioAsync();
        var host = await StartAsync(scenario);

        (await host.Door.ExecuteAsync(new CancelTraining { TaskId = "training_task-1" }, Call(Doors.Rest), TestContext.Current.CancellationToken)).Value.ShouldBe("eventml_training");
        (await host.Door.ExecuteAsync(new CancelTraining { TaskId = "training_task-2" }, Call(Doors.Bus), TestContext.Current.CancellationToken)).Value.ShouldBe("eventml_training");

        (await scenario.CountAsync("ledger.mt_events")).ShouldBe(2);
        (await scenario.CountAsync("training.inbox")).ShouldBe(1);
        AreaScope.Current.ShouldBeNull();
    }

    [Theory]
    [InlineData(Doors.Rest)]
    [InlineData(Doors.Bus)]
    public async Task PostgreSQL_refuses_when_a_command_appends_to_another_areas_category(string door)
    {
        await using var scenario = await ScenarioAsync();
        var host = await StartAsync(scenario);

        var error = await Should.ThrowAsync<PostgresException>(
            () => host.Door.ExecuteAsync(new CancelTraining { TaskId = "model-1" }, Call(door), TestContext.Current.CancellationToken));

        error.SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
        error.MessageText.ShouldBe("role eventml_training may not append to category model");
        (await scenario.CountAsync("ledger.mt_events")).ShouldBe(0);
        (await scenario.CountAsync("training.inbox")).ShouldBe(0);
    }

    [Fact]
    public async Task PostgreSQL_refuses_when_a_saga_appends_at_all()
    {
        await using var scenario = await ScenarioAsync();
        var host = await StartAsync(scenario);
        using var area = AreaScope.Enter(BusSchema.Sagas);

        var error = await Should.ThrowAsync<PostgresException>(() => AppendAsync(host.Ledger, "training_task-1"));

        error.SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Fact]
    public async Task PostgreSQL_refuses_when_a_job_appends_to_another_areas_category()
    {
        await using var scenario = await ScenarioAsync();
        var queue = new JobQueue(scenario.Database.DataSource, "training");
        await scenario.Database.ExecuteAsync(queue.CreateSql);
        var host = await StartAsync(scenario);
        await host.Ledger.InTransactionAsync(
            async t =>
            {
                await queue.EnqueueAsync(t, "job-1", Trespasser.JobKind, new { }, TestContext.Current.CancellationToken);
                return true;
            },
            TestContext.Current.CancellationToken);
        var trespasser = new Trespasser(host.Ledger);
        using var runner = new JobRunner(queue, [trespasser], new JobRunnerOptions(), TimeProvider.System, NullLogger<JobRunner>.Instance);

        await runner.StartAsync(TestContext.Current.CancellationToken);
        var (own, foreign) = await trespasser.Done.Task.WaitAsync(BusHost.Limit, TestContext.Current.CancellationToken);
        await runner.StopAsync(TestContext.Current.CancellationToken);

        own.ShouldBeNull();
        foreign.ShouldBeOfType<PostgresException>().SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    private static async Task<BusScenario> ScenarioAsync()
    {
        var scenario = await BusScenario.CreateAsync("memory");
        await LedgerSchema.DeclareAsync(scenario.Database.DataSource, new LedgerOptions(), [], Owners, TestContext.Current.CancellationToken);
        return scenario;
    }

    private static Task<BusHost> StartAsync(BusScenario scenario) => scenario.StartAsync(register: bus => bus.AddCommand<CancelTraining, AppendHandler>("training", Role.Developer));

    private static DoorCall Call(string door) => new() { Grant = Grant.Platform, Actor = "ada", Door = door, MessageId = door == Doors.Bus ? Ids.New() : null };

    private static Task<bool> AppendAsync(Ledger ledger, string stream) => ledger.InTransactionAsync(async t =>
    {
        await t.AppendAsync(stream, "x", 0, [new TrainingCancelRequested("x", "x", DateTimeOffset.UnixEpoch)], new EventMetadata("a", "s", "c", "c", null));
        return true;
    });

    /// <summary>Appends wherever it is told to.</summary>
    private sealed class AppendHandler : ICommandHandler<CancelTraining>
    {
        public async Task<CommandResult> HandleAsync(CancelTraining command, CommandContext context, CancellationToken cancellationToken)
        {
            await context.Transaction.AppendAsync(
                command.TaskId!, "x", 0, [new TrainingCancelRequested("x", "x", context.Now)], context.Metadata, cancellationToken);
            await using var user = context.Transaction.Command("select current_user::text");
            return CommandResult.Accepted(await user.ExecuteScalarAsync(cancellationToken));
        }

        public object? Reject(CancelTraining command, Refusal refusal, CommandContext context) => null;
    }

    private sealed class Trespasser(Ledger ledger) : IJobExecutor
    {
        public const string JobKind = "trespass";

        public TaskCompletionSource<(Exception? Own, Exception? Foreign)> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Kind => JobKind;

        public async Task ExecuteAsync(JobLease lease, JobControl control, CancellationToken cancellationToken) =>
            Done.TrySetResult((await Record.ExceptionAsync(() => AppendAsync(ledger, "training_task-9")), await Record.ExceptionAsync(() => AppendAsync(ledger, "model-9"))));
    }
}
