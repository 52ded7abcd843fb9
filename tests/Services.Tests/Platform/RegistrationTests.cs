using System.Text.Json;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.EventStore;

namespace EventMl.Services.Tests.Platform;

/// <summary>What becomes of a training whose model the registry does not take.</summary>
[Collection(PlatformTests.Name)]
public sealed class RegistrationTests(PlatformFixture platform)
{
    private static readonly JsonElement Empty = JsonSerializer.Deserialize<JsonElement>("{}");

    [Fact]
    public async Task Task_fails_with_the_reason_and_gives_its_name_free_when_the_registry_refuses_the_model()
    {
        var id = Ids.New("train");
        var name = PlatformFixture.Unique("refused");
        await AppendTrainedAsync(id, name, output: "no name!");

        var task = await platform.Rest.UntilEndedAsync($"/api/v1/training-tasks/{id}");

        task.ShouldHaveFailed(ErrorCodes.InvalidRequest).ShouldStartWith("The registry refused the trained model:");
        (await platform.Database.ScalarAsync<long>($"select count(*) from ledger.eml_name where name = '{name}'")).ShouldBe(0);
        await Eventually.TrueAsync(
            async () => await platform.Database.ScalarAsync<string>($"select state from sagas.saga where id = '{Bus.SagaId.From(id)}'") == "Abandoned", "the saga is over");
    }

    private async Task AppendTrainedAsync(string id, string name, string output)
    {
        var now = platform.Ledger.Now;
        // The first attempt is taken, so that no worker begins.
        await AppendAsync(id, name, 0, new TrainingRequested(id, name, "none", 1, "lake://datasets/none", "ab", "t.py", null, Empty, output, 600, now), new TrainingStarted(id, 1, "w", 0, now));
        await Eventually.TrueAsync(
            async () => await platform.Database.ScalarAsync<string>($"select state from sagas.saga where id = '{Bus.SagaId.From(id)}'") == "Training", "the saga has begun");
        await AppendAsync(id, name, 2, new ModelTrained(id, 1, output, "lake://models/x", 1, "ab", "/lake/x", 1, "digits", 1, "t.py", Empty, Empty, now));
    }

    private Task AppendAsync(string id, string name, long version, params object[] events) => platform.Ledger.InTransactionAsync(
        async transaction =>
        {
            await transaction.TakeNameAsync("training_task", name, $"training_task-{id}", TestContext.Current.CancellationToken);
            return await transaction.AppendAsync(
                $"training_task-{id}", "training_task", version, events, new EventMetadata("ann", "rest", "c", "c", null), TestContext.Current.CancellationToken);
        },
        TestContext.Current.CancellationToken);
}
