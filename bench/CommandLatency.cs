using System.Globalization;
using System.Text;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.EventStore;

namespace EventMl.Bench;

/// <summary>How long a command takes, from a plain AMQP client's publish until a plain AMQP subscriber has the event that decides it, at an even pace.</summary>
internal static class CommandLatency
{
    private const int PerSecond = 200;
    private const int WarmUp = 600;
    private const int Commands = 4000;
    private const double GoalP99 = 50;
    private const string Queue = "bench-subscriber";

    public static async Task RunAsync(Action<string> say)
    {
        await using var rig = await BusRig.CreateAsync(bus => bus.AddCommand<RequestTraining, Decide>(BusRig.Area, Role.Developer));
        await using var raw = await RawBroker.OpenAsync(rig.Broker.Address);
        await raw.BindAsync(Queue, BusNames.Exchange(typeof(TrainingRejected)));
        using var host = await rig.LeadAsync();
        var times = new Stopwatches();
        await raw.HearAsync(Queue, (properties, _) => times.Stop(properties.CorrelationId!));
        await SendAsync(raw, times, WarmUp);
        times.Clear();
        await SendAsync(raw, times, Commands);
        var (p50, p99, worst) = (times.Percentile(0.5), times.Percentile(0.99), times.Percentile(1));
        await host.StopAsync();
        say(string.Create(
            CultureInfo.InvariantCulture,
            $"bench bus.command p50={p50:F2} p99={p99:F2} worst={worst:F2} per_second={PerSecond} goal={GoalP99} {(p99 < GoalP99 ? "ok" : "short")}"));
    }

    private static async Task SendAsync(RawBroker raw, Stopwatches times, int count)
    {
        var exchange = BusNames.Exchange(typeof(RequestTraining));
        var sent = new List<Task>();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(1000.0 / PerSecond));
        for (var i = 0; i < count; i++)
        {
            await pace.WaitForNextTickAsync();
            var id = Ids.New();
            // The command's message id is what its event correlates to.
            times.Start(id.ToString("D"));
            sent.Add(raw.SendAsync(exchange, id, Encoding.UTF8.GetBytes($$"""{"taskId":"{{Ids.Named("train", id)}}","name":"bench","input":"digits","output":"cnn"}""")));
        }

        await Task.WhenAll(sent);
        await times.AllAsync(count).WaitAsync(TimeSpan.FromMinutes(1));
    }

    internal sealed class Decide : ICommandHandler<RequestTraining>
    {
        public async Task<CommandResult> HandleAsync(RequestTraining command, CommandContext context, CancellationToken cancellationToken)
        {
            var decided = new TrainingRejected(command.TaskId, command.Name, nameof(RequestTraining), "BENCH", "measured", context.Now);
            await context.Transaction.AppendAsync($"{BusRig.Area}-{command.TaskId}", BusRig.Area, 0, [decided], context.Metadata, cancellationToken);
            return CommandResult.Accepted();
        }

        public object? Reject(RequestTraining command, Refusal refusal, CommandContext context) => null;
    }
}
