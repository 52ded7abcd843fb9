using EventMl.Bus;
using EventMl.Contracts;
using EventMl.EndToEnd.Tests.Hosting;
using EventMl.Testing;
using RabbitMQ.Client;

namespace EventMl.EndToEnd.Tests;

/// <summary>A queue of the test's own that gets a copy of every event on the bus.</summary>
internal sealed class BusTap : IDisposable
{
    private const string Queue = "tap";
    private readonly IConnection _connection;
    private readonly IChannel _channel;

    private BusTap(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

    public static async Task<BusTap> OpenAsync(Uri broker)
    {
        var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync();
        var channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false);
        // Events are what golden files call so: they were appended, so each says when; commands have no such member.
        foreach (var type in typeof(Ids).Assembly.GetExportedTypes().Where(t => t.IsClass && t.Namespace != typeof(Ids).Namespace && t.GetProperties().Any(p => p.PropertyType == typeof(DateTimeOffset))))
        {
            await channel.QueueBindAsync(Queue, BusNames.Exchange(type), "");
        }

        return new BusTap(connection, channel);
    }

    /// <summary>Waits until everything that is in the ledger now was heard at least once; whatever was heard must be in the ledger.</summary>
    public async Task HasHeardAllAsync(TestDatabase database)
    {
        var events = (await database.EventsAsync()).Select(e => e.Id).ToHashSet();
        var heard = new HashSet<Guid>();
        await Wait.UntilAsync(
            async () =>
            {
                heard.UnionWith(await TakeAsync(events.Count));
                return events.IsSubsetOf(heard);
            },
            "every event on the bus");
        // Some, as the notary's anchors, may have been added meanwhile.
        heard.Except((await database.EventsAsync()).Select(e => e.Id)).ShouldBeEmpty("nothing is published that is not in the ledger");
    }

    /// <summary>The message ids of everything that came so far; <paramref name="limit"/> only bounds the work.</summary>
    public async Task<IReadOnlyList<Guid>> TakeAsync(int limit)
    {
        var ids = new List<Guid>();
        while (ids.Count <= limit * 2 && await _channel.BasicGetAsync(Queue, autoAck: true) is { } message)
        {
            ids.Add(Guid.Parse(message.BasicProperties.MessageId!));
        }

        return ids;
    }

    public void Dispose()
    {
        _channel.Dispose();
        _connection.Dispose();
    }
}
