using System.Net;
using EventMl.Bus;
using EventMl.Contracts.Datasets;
using EventMl.Contracts.Models;
using EventMl.EventStore;
using EventMl.Models;
using EventMl.Services.Tests.Models;
using EventMl.Training;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Services.Tests.Platform;

/// <summary>What somebody needs is not deleted, also when both happen at once.</summary>
[Collection(PlatformTests.Name)]
public sealed class InUseTests(PlatformFixture platform)
{
    private const string Serve = "/api/v1/inference-services";
    private const string Train = "/api/v1/training-tasks";

    private RestClient Rest => platform.Rest;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keeps_a_model_until_its_last_service_is_deleted()
    {
        var model = await RegisterAsync();
        var services = new[] { await Rest.PostAsync(Serve, new { name = $"{model}_a", model }), await Rest.PostAsync(Serve, new { name = $"{model}_b", model }) };

        foreach (var service in services)
        {
            var refused = await Rest.DeleteAsync($"/api/v1/models/{model}");
            refused.ShouldBeError(409, "MODEL_IN_USE");
            services.ShouldContain(s => refused.Body.Contains(s.Json.Text("id")!, StringComparison.Ordinal));
            (await Rest.DeleteAsync(service.Headers["Location"])).ShouldBe(HttpStatusCode.NoContent);
        }

        (await Rest.DeleteAsync($"/api/v1/models/{model}")).ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Keeps_a_dataset_until_the_training_that_reads_it_has_ended()
    {
        var dataset = PlatformFixture.Unique("read");
        (await Rest.RunAsync("/api/v1/ingestion-tasks", new { name = dataset, input = platform.Images, source = "idx", output = dataset })).ShouldBeCompleted();
        var training = await Rest.PostAsync(Train, new { name = dataset, input = dataset, script = "faulty/faulty.py", @params = new { fault = "hang" }, output = dataset });
        training.ShouldBe(HttpStatusCode.Created);

        var refused = await Rest.DeleteAsync($"/api/v1/datasets/{dataset}");
        refused.ShouldBeError(409, "DATASET_IN_USE");
        refused.Body.ShouldContain(training.Json.Text("id")!);

        await Rest.PostAsync($"{training.Headers["Location"]}/cancel");
        (await Rest.UntilEndedAsync(training.Headers["Location"])).ShouldHaveFailed("TASK_CANCELLED");
        (await Rest.DeleteAsync($"/api/v1/datasets/{dataset}")).ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Lets_one_win_when_a_service_is_created_and_its_model_deleted_at_once()
    {
        for (var round = 0; round < 20; round++)
        {
            var model = await RegisterAsync();
            var creating = Rest.PostAsync(Serve, new { name = model, model });
            var deleting = Rest.DeleteAsync($"/api/v1/models/{model}");

            var (created, deleted) = (await creating, await deleting);

            if (created.Status == HttpStatusCode.Created)
            {
                deleted.ShouldBeError(409, "MODEL_IN_USE");
                await Rest.DeleteAsync(created.Headers["Location"]);
            }
            else
            {
                created.ShouldBeError(404, "MODEL_NOT_FOUND");
                deleted.ShouldBe(HttpStatusCode.NoContent);
            }
        }
    }

    [Fact]
    public async Task Sees_the_deletion_of_a_model_that_was_decided_first()
    {
        var model = await RegisterAsync();
        await using var deleting = await platform.Ledger.BeginAsync(Cancel);
        var loaded = await deleting.LoadAsync<Model>(model, Cancel);
        var creating = Rest.PostAsync(Serve, new { name = model, model });

        await CommitOnceSomebodyWaitsAsync(deleting, loaded, new ModelDeleted(model, deleting.Now));

        (await creating).ShouldBeError(404, "MODEL_NOT_FOUND");
    }

    [Fact]
    public async Task Sees_the_deletion_of_a_dataset_that_was_decided_first()
    {
        var dataset = PlatformFixture.Unique("going");
        var ingested = new DataIngested(dataset, 1, "ingest-1", 1, $"lake://datasets/{dataset}@1", "ab", "/lake", [], 1, 1, Given.Json("{}"), Given.Now);
        await platform.Ledger.InTransactionAsync(t => t.AppendAsync($"dataset-{dataset}", "dataset", 0, [ingested], Metadata, Cancel), Cancel);
        await using var deleting = await platform.Ledger.BeginAsync(Cancel);
        var loaded = await deleting.LoadAsync<DatasetReading>(dataset, Cancel);
        var training = Rest.PostAsync(Train, new { name = dataset, input = dataset, script = "faulty/faulty.py", output = dataset });

        await CommitOnceSomebodyWaitsAsync(deleting, loaded, new DatasetDeleted(dataset, deleting.Now));

        (await training).ShouldBeError(404, "DATASET_NOT_FOUND");
    }

    private static EventMetadata Metadata { get; } = new("ann", "rest", "c", "c", null);

    private async Task<string> RegisterAsync()
    {
        var name = PlatformFixture.Unique("needed");
        var door = platform.Services.GetRequiredService<CommandDoor>();
        (await door.ExecuteAsync(Given.Register() with { Model = name }, new DoorCall { Actor = "ann", Grant = Grant.Platform, Door = Doors.Rest }, Cancel)).Refusal.ShouldBeNull();
        return name;
    }

    private async Task CommitOnceSomebodyWaitsAsync<T>(LedgerTransaction transaction, Loaded<T> loaded, object @event)
        where T : IAggregate<T>
    {
        await Eventually.TrueAsync(
            async () => await platform.Database.ScalarAsync<long>(
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%mt_streams%for update%'") > 0,
            "the other decision waits for this one");
        await transaction.AppendAsync(loaded, [@event], Metadata, Cancel);
        await transaction.CommitAsync(Cancel);
    }
}
