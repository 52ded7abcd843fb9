using EventMl.Contracts.Training;
using EventMl.EventStore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace EventMl.Foundation.Tests.EventStore;

public sealed class LedgerServicesTests
{
    private static readonly DateTimeOffset _at = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Carries_an_event_to_the_publisher_when_a_host_is_built_from_the_extensions()
    {
        await using var db = await TestLedger.CreateAsync();
        using var host = Build(db.Options, s => s.AddView<CounterView, CounterRow>().AddLedgerLeader().AddSingleton<IEventPublisher, Collector>());
        await host.StartAsync(Ct);
        var ledger = host.Services.GetRequiredService<Ledger>();

        await ledger.InTransactionAsync(t => t.AppendAsync("training_task-1", "training_task", 0, [new RunTraining("train-1")], TestLedger.Metadata, Ct), Ct);
        await ledger.InTransactionAsync(t => t.AppendAsync("counter-1", "counter", 0, [new CounterRaised(4, _at)], TestLedger.Metadata, Ct), Ct);

        var event1 = await ((Collector)host.Services.GetRequiredService<IEventPublisher>()).First.Task.WaitAsync(TimeSpan.FromSeconds(10), Ct);
        event1.Data.ShouldBe(new RunTraining("train-1"));
        (await host.Services.GetRequiredService<CounterView>().GetAsync("1", Ct))!.Row.Total.ShouldBe(4);
        await host.StopAsync(Ct);
    }

    [Fact]
    public async Task Refuses_to_start_when_the_address_is_missing()
    {
        using var host = Build(new LedgerOptions());

        (await Should.ThrowAsync<OptionsValidationException>(() => host.StartAsync(Ct))).Message.ShouldContain("EVENTML_POSTGRES is not set");
    }

    [Fact]
    public async Task Names_every_option_when_several_are_out_of_range()
    {
        using var host = Build(new LedgerOptions { ConnectionString = "Host=x", Schema = "No!", BatchSize = 0, LeaseTime = TimeSpan.Zero, PollInterval = TimeSpan.Zero });

        var message = (await Should.ThrowAsync<OptionsValidationException>(() => host.StartAsync(Ct))).Message;

        foreach (var name in (string[])["Schema", "BatchSize", "LeaseTime", "PollInterval"])
        {
            message.ShouldContain($"Ledger:{name}");
        }
    }

    [Fact]
    public async Task Says_what_an_address_looks_like_when_it_is_not_one()
    {
        using var host = Build(new LedgerOptions { ConnectionString = "postgres://nobody@nowhere" });

        (await Should.ThrowAsync<OptionsValidationException>(() => host.StartAsync(Ct))).Message.ShouldContain("Host=");
    }

    [Fact]
    public async Task Refuses_to_start_when_nothing_was_declared()
    {
        await using var db = await TestLedger.CreateAsync();
        using var host = Build(db.Options with { Schema = "elsewhere" });

        (await Should.ThrowAsync<LedgerSchemaException>(() => host.StartAsync(Ct))).Message.ShouldContain("--declare");
    }

    [Fact]
    public async Task Names_the_server_when_it_does_not_answer()
    {
        using var host = Build(new LedgerOptions { ConnectionString = "Host=127.0.0.1;Port=1;Username=x;Password=x;Database=x", StartPatience = TimeSpan.FromMilliseconds(500) });

        (await Should.ThrowAsync<LedgerSchemaException>(() => host.StartAsync(Ct))).Message.ShouldContain("127.0.0.1:1");
    }

    private static IHost Build(LedgerOptions options, Action<IServiceCollection>? more = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLedger(options, typeof(CounterRaised).Assembly);
        more?.Invoke(builder.Services);
        return builder.Build();
    }

    private sealed class Collector : IEventPublisher
    {
        public TaskCompletionSource<StoredEvent> First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task PublishAsync(IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken)
        {
            First.TrySetResult(events[0]);
            return Task.CompletedTask;
        }
    }
}
