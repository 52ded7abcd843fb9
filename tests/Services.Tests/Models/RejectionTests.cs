using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Models;

namespace EventMl.Services.Tests.Models;

public sealed class RejectionTests
{
    public static TheoryData<object> Commands =>
    [
        new EvaluateModel { Model = "none", TaskId = "train-1" },
        new PromoteModel { Model = "none", TaskId = "train-1" },
        new RegisterModel("no name!", "train-1", "lake://models/x", 1, "ab", "/lake/x", 1, "digits", 1, null, default, default),
    ];

    [Theory, MemberData(nameof(Commands), DisableDiscoveryEnumeration = true)]
    public async Task Tells_the_saga_that_asked_and_nobody_elses_when_a_command_is_refused(object command)
    {
        await using var host = await ModelsHost.StartAsync();

        (await RejectedAsync(host, command, "saga:training-task")).TaskId.ShouldBe("train-1");
        (await RejectedAsync(host, command, "mallory")).TaskId.ShouldBeNull();
    }

    // Promoted by hand while the saga was still completing the task: no further event would ever come.
    [Fact]
    public async Task Tells_the_saga_that_asked_when_the_version_is_champion_already()
    {
        await using var host = await ModelsHost.StartAsync();
        await host.AppendAsync("model-digits", 0, Given.Registered(), Given.Evaluating(), Given.Evaluated(0.9), new ModelPromoted("digits", 1, null, "dec-1", Given.Now) { TaskId = "train-1" });

        var told = await RejectedAsync(host, new PromoteModel { Model = "digits", Version = 1, TaskId = "train-1" }, "saga:training-task");

        (told.TaskId, told.Command).ShouldBe(("train-1", nameof(PromoteModel)));
        told.Message.ShouldContain("champion already");
        (await host.SendAsync(new PromoteModel { Model = "digits", Version = 1 })).Refusal.ShouldBeNull("for everybody else there is nothing to refuse");
    }

    private static async Task<ModelRejected> RejectedAsync(ModelsHost host, object command, string actor)
    {
        var call = new DoorCall { Actor = actor, Grant = Grant.Platform, Door = Doors.Bus, MessageId = Ids.New() };
        var result = await (command switch
        {
            EvaluateModel evaluate => host.Door.ExecuteAsync(evaluate, call, TestContext.Current.CancellationToken),
            PromoteModel promote => host.Door.ExecuteAsync(promote, call, TestContext.Current.CancellationToken),
            _ => host.Door.ExecuteAsync((RegisterModel)command, call, TestContext.Current.CancellationToken),
        });
        result.Refusal.ShouldNotBeNull();
        var stored = await host.Ledger.ReadStreamAsync($"model_refusal-{call.MessageId:D}", cancellationToken: TestContext.Current.CancellationToken);
        return stored.ShouldHaveSingleItem().Data.ShouldBeOfType<ModelRejected>();
    }
}
