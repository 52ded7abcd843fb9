using System.Diagnostics.CodeAnalysis;
using MassTransit;
using MassTransit.Context;
using MassTransit.Middleware;
using MassTransit.Middleware.Rescue;
using RabbitMQ.Client;

namespace EventMl.Bus;

/// <summary>Moves failed messages to <c>&lt;queue&gt;_error</c> and unwanted ones to <c>&lt;queue&gt;_skipped</c>.</summary>
/// <remarks>
/// The broker refuses to take a message whose user-id is not the publisher's own, so a stranger's message could never be moved; it travels under the platform's name
/// with its own user in a header. Where both are present, the broker vouches that the platform wrote the header; the platform's own messages never have it.
/// </remarks>
internal static class DeadLetters
{
    public static void Configure(IReceivePipelineConfigurator endpoint, string? ownUser)
    {
        endpoint.ConfigureError(error =>
        {
            error.UseFilter(new StayWhenStopping());
            error.UseFilter(new SayWhatIsUnreadable());
            error.UseFilter(new MarkOnError(ownUser));
            error.UseFilter(new GenerateFaultFilter());
            error.UseFilter(new ErrorTransportFilter());
        });
        endpoint.ConfigureDeadLetter(skipped =>
        {
            skipped.UseFilter(new MarkOnSkip(ownUser));
            skipped.UseFilter(new DeadLetterTransportFilter());
        });
    }

    /// <summary>Puts a message that is not the platform's own under the platform's name, marked with who sent it: empty for nobody the broker vouches for.</summary>
    public static void Mark(BasicProperties properties, string ownUser)
    {
        if (properties.UserId == ownUser)
        {
            return;
        }

        properties.Headers = new Dictionary<string, object?>(properties.Headers ?? new Dictionary<string, object?>(), StringComparer.Ordinal) { [BusHeaders.OriginalUser] = properties.UserId ?? "" };
        properties.UserId = ownUser;
    }

    // What the platform sent itself keeps its name, so that it is believed when it is moved back.
    private static MarkedDelivery? Marked(ReceiveContext context, string? ownUser) =>
        ownUser is not null && context.TryGetPayload<RabbitMqBasicConsumeContext>(out var delivery) && delivery.Properties.UserId != ownUser ? new MarkedDelivery(delivery, ownUser) : null;

    // Thrown out of here, the exception gives the message back to its queue.
    private sealed class StayWhenStopping : IFilter<ExceptionReceiveContext>
    {
        public void Probe(ProbeContext context) => context.CreateFilterScope("stayWhenStopping");

        public Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next) =>
            context.Exception is WorkerStoppingException || (context.Exception is OperationCanceledException && context.CancellationToken.IsCancellationRequested)
                ? Task.FromException(context.Exception)
                : next.Send(context);
    }

    private sealed class SayWhatIsUnreadable : IFilter<ExceptionReceiveContext>
    {
        public void Probe(ProbeContext context) => context.CreateFilterScope("sayWhatIsUnreadable");

        public Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next) =>
            next.Send(IsUnread(context) && UnreadableMessageException.From(context.Exception) is { } readable ? new RescueExceptionReceiveContext(context, readable) : context);

        // What a consumer threw itself has nothing to do with the body.
        private static bool IsUnread(ExceptionReceiveContext context) => !context.TryGetPayload<ConsumerFaultContext>(out _);
    }

    private sealed class MarkOnError(string? ownUser) : IFilter<ExceptionReceiveContext>
    {
        public void Probe(ProbeContext context) => context.CreateFilterScope("markSender");

        public Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next) =>
            next.Send(Marked(context, ownUser) is { } delivery ? new MarkedError(context, delivery) : context);
    }

    private sealed class MarkOnSkip(string? ownUser) : IFilter<ReceiveContext>
    {
        public void Probe(ProbeContext context) => context.CreateFilterScope("markSender");

        public Task Send(ReceiveContext context, IPipe<ReceiveContext> next) =>
            next.Send(Marked(context, ownUser) is { } delivery ? new MarkedReceive(context, delivery) : context);
    }

    private class MarkedReceive(ReceiveContext context, RabbitMqBasicConsumeContext delivery) : ReceiveContextProxy(context)
    {
        public override bool TryGetPayload<TPayload>([NotNullWhen(true)] out TPayload? payload)
            where TPayload : class
        {
            if (delivery is TPayload marked && typeof(TPayload) == typeof(RabbitMqBasicConsumeContext))
            {
                payload = marked;
                return true;
            }

            return base.TryGetPayload(out payload);
        }
    }

    private sealed class MarkedError(ExceptionReceiveContext context, RabbitMqBasicConsumeContext delivery) : MarkedReceive(context, delivery), ExceptionReceiveContext
    {
        public Exception Exception => context.Exception;

        public DateTime ExceptionTimestamp => context.ExceptionTimestamp;

        public ExceptionInfo ExceptionInfo => context.ExceptionInfo;

        public SendHeaders ExceptionHeaders => context.ExceptionHeaders;
    }

    private sealed class MarkedDelivery : RabbitMqBasicConsumeContext
    {
        private readonly RabbitMqBasicConsumeContext _delivery;

        public MarkedDelivery(RabbitMqBasicConsumeContext delivery, string ownUser)
        {
            _delivery = delivery;
            var properties = new BasicProperties(delivery.Properties);
            Mark(properties, ownUser);
            Properties = properties;
        }

        public IReadOnlyBasicProperties Properties { get; }

        public string Exchange => _delivery.Exchange;

        public string? RoutingKey => _delivery.RoutingKey;

        public string ConsumerTag => _delivery.ConsumerTag;

        public ulong DeliveryTag => _delivery.DeliveryTag;
    }
}
