using EventMl.EndToEnd.Tests.Hosting;

namespace EventMl.EndToEnd.Tests;

/// <summary>The whole way from images to a prediction with one process per area, through the gateway.</summary>
public sealed class SeparateProcessesTests
{
    private static readonly string[] Areas = ["datasets", "training", "models", "serving", "audit", "monitoring", "access", "sagas"];

    [Fact]
    public async Task Images_become_predictions_when_every_area_is_a_process()
    {
        await using var platform = await Platform.CreateAsync();
        using var tap = await BusTap.OpenAsync(platform.Broker);
        var hosts = Areas.ToDictionary(a => a, a => platform.Begin(a), StringComparer.Ordinal);
        var routes = hosts.SelectMany(h => new[] { "--route", $"{h.Key}={h.Value.Address}" }).ToArray();
        var gateway = platform.Begin("gateway", routes);
        await Task.WhenAll(hosts.Values.Append(gateway).Select(h => h.ReadyAsync()));
        using var user = new Rest(gateway);

        await user.EndedAsync("ingestion-tasks", await user.IngestAsync("in", "small"));
        await user.EndedAsync("training-tasks", await user.TrainAsync("tr", "small", "mlp", new { epochs = 3, threads = 1 }));
        (await user.JudgedAsync("mlp")).ShouldBeTrue();
        var service = await user.ServeAsync("live", "mlp");
        var test = SmallImages.Read(Path.Combine(platform.Data, "small"), "t10k");
        var right = 0;
        for (var i = 0; i < 20; i++)
        {
            right += await user.PredictAsync(service, test[i].ToArray()) == test.Labels[i] ? 1 : 0;
        }

        right.ShouldBeGreaterThan(8);
        (await user.GetAsync("models/mlp/refold")).GetProperty("identical").GetBoolean().ShouldBeTrue();

        await platform.Database.AtRestAsync();
        await LedgerShouldBeWholeAsync(platform, tap);
    }

    private static async Task LedgerShouldBeWholeAsync(Platform platform, BusTap tap)
    {
        var events = await platform.Database.EventsAsync();
        events.Select(e => e.Position).Order().ShouldBe(Enumerable.Range(1, events.Count).Select(p => (long)p), "positions are dense");
        (await platform.Database.ScalarAsync<long>("select count(*) from ledger.eml_name where area = 'training_task'")).ShouldBe(0, "finished tasks hold no name");
        (await platform.Database.ScalarAsync<long>("select count(*) from training.job where state <> 'done'")).ShouldBe(0);
        string[] expected = ["ingestion_requested", "data_ingested", "ingestion_completed", "training_requested", "epoch_completed", "model_trained", "model_registered", "model_evaluated", "promotion_decided", "model_promoted", "training_completed", "inference_service_started"];
        expected.Except(events.Select(e => e.Type)).ShouldBeEmpty();
        var relayed = await tap.TakeAsync(events.Count);
        relayed.Order().ShouldBe(events.Where(e => e.DotnetType.EndsWith(", EventMl.Contracts", StringComparison.Ordinal)).Select(e => e.Id).Order(), "every event once on the bus");
    }
}
