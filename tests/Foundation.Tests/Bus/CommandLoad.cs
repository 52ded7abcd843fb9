using System.Collections.Concurrent;
using System.Text;
using EventMl.Bus;
using EventMl.Contracts;
using RabbitMQ.Client;

namespace EventMl.Foundation.Tests.Bus;

/// <summary>Clients that send commands without a pause, each until the broker has confirmed it; to another node when theirs is gone.</summary>
internal sealed class CommandLoad : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan PauseWithoutBroker = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ConfirmLimit = TimeSpan.FromSeconds(5);
    private readonly CancellationTokenSource _ended = new();
    private readonly BrokerAddress _broker;
    private readonly ConcurrentQueue<(long At, string TaskId)> _confirmed = [];
    private readonly Task _work;

    private CommandLoad(BrokerAddress broker, int clients)
    {
        _broker = broker;
        _work = Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(SendAsync)));
    }

    /// <summary>Commands the broker has confirmed.</summary>
    public int Confirmed => _confirmed.Count;

    public IReadOnlyCollection<string> TaskIds => [.. _confirmed.Select(c => c.TaskId)];

    /// <summary>The longest time without a confirmation between two of them.</summary>
    public TimeSpan LongestSilence
    {
        get
        {
            var times = _confirmed.Select(c => c.At).Order().ToArray();
            return times.Zip(times.Skip(1), (a, b) => TimeProvider.System.GetElapsedTime(a, b)).DefaultIfEmpty().Max();
        }
    }

    public static CommandLoad Start(string broker, int clients = 3) => new(BrokerAddress.Parse(broker), clients);

    /// <summary>Waits until so many more commands are confirmed.</summary>
    public Task MoreAsync(int count)
    {
        var before = Confirmed;
        return BusHost.UntilAsync(() => Confirmed >= before + count, $"{count} more commands are confirmed");
    }

    public async Task EndAsync()
    {
        await _ended.CancelAsync();
        await _work;
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _ended.Dispose();
    }

    private async Task SendAsync()
    {
        IConnection? connection = null;
        IChannel? channel = null;
        while (!_ended.IsCancellationRequested)
        {
            var task = Ids.New("train");
            var properties = new BasicProperties { ContentType = "application/json", MessageId = Ids.New().ToString("D"), Persistent = true };
            var body = Encoding.UTF8.GetBytes($$"""{"taskId":"{{task}}","input":"digits","output":"100000"}""");
            // The same message until it is confirmed, also beyond the end: what was sent shall be accounted for.
            while (true)
            {
                try
                {
                    using var limit = new CancellationTokenSource(ConfirmLimit);
                    connection ??= await _broker.ConnectAsync("load", limit.Token, ConfirmLimit);
                    channel ??= await connection.CreateChannelAsync(new CreateChannelOptions(true, true), limit.Token);
                    await channel.BasicPublishAsync("eventml.training.request-training", "", true, properties, body, limit.Token);
                    _confirmed.Enqueue((TimeProvider.System.GetTimestamp(), task));
                    break;
                }
                catch (Exception e) when (e is not OutOfMemoryException)
                {
                    await CloseAsync(connection);
                    (connection, channel) = (null, null);
                    await Task.Delay(PauseWithoutBroker);
                }
            }

            await Task.Delay(Pace, _ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await CloseAsync(connection);
    }

    private static async Task CloseAsync(IConnection? connection)
    {
        try
        {
            await (connection?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or TimeoutException)
        {
            // Its node is gone.
        }
    }
}
