using System.Diagnostics.CodeAnalysis;
using MassTransit;
using MassTransit.Context;
using MassTransit.Middleware;
using RabbitMQ.Client;

namespace EventMl.Bus;

/// <summary>Moves failed messages to <c>&lt;queue&gt;_error</c> and unwanted ones to <c>&lt;queue&gt;_skipped</c>.</summary>
/// <remarks>The broker refuses to take a message whose user-id is not the publisher's own, so a stranger's message could never be moved; its user goes into a header.</remarks>
internal static class DeadLetters
{
    public static void Configure(IReceivePipelineConfigurator endpoint, string? ownUser)
    {
        endpoint.ConfigureError(error =>
        {
            error.UseFilter(new WithoutUserOnError(ownUser));
            error.UseFilter(new GenerateFaultFilter());
            error.UseFilter(new ErrorTransportFilter());
        });
        endpoint.ConfigureDeadLetter(skipped =>
        {
            skipped.UseFilter(new WithoutUserOnSkip(ownUser));
            skipped.UseFilter(new DeadLetterTransportFilter());
        });
    }

    // What the platform sent itself keeps its name, so that it is believed when it is moved back.
    private static UnsignedDelivery? Unsigned(ReceiveContext context, string? ownUser) =>
        context.TryGetPayload<RabbitMqBasicConsumeContext>(out var delivery) && delivery.Properties.IsUserIdPresent() && delivery.Properties.UserId != ownUser ? new UnsignedDelivery(delivery) : null;

    private sealed class WithoutUserOnError(string? ownUser) : IFilter<ExceptionReceiveContext>
    {
        public void Probe(ProbeContext context) => context.CreateFilterScope("withoutUser");

        public Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next) =>
            next.Send(Unsigned(context, ownUser) is { } delivery ? new UnsignedError(context, delivery) : context);
    }

    private sealed class WithoutUserOnSkip(string? ownUser) : IFilter<ReceiveContext>
    {
        public void Probe(ProbeContext context) => context.CreateFilterScope("withoutUser");

        public Task Send(ReceiveContext context, IPipe<ReceiveContext> next) =>
            next.Send(Unsigned(context, ownUser) is { } delivery ? new UnsignedReceive(context, delivery) : context);
    }

    private class UnsignedReceive(ReceiveContext context, RabbitMqBasicConsumeContext delivery) : ReceiveContextProxy(context)
    {
        public override bool TryGetPayload<TPayload>([NotNullWhen(true)] out TPayload? payload)
            where TPayload : class
        {
            if (delivery is TPayload unsigned && typeof(TPayload) == typeof(RabbitMqBasicConsumeContext))
            {
                payload = unsigned;
                return true;
            }

            return base.TryGetPayload(out payload);
        }
    }

    private sealed class UnsignedError(ExceptionReceiveContext context, RabbitMqBasicConsumeContext delivery) : UnsignedReceive(context, delivery), ExceptionReceiveContext
    {
        public Exception Exception => context.Exception;

        public DateTime ExceptionTimestamp => context.ExceptionTimestamp;

        public ExceptionInfo ExceptionInfo => context.ExceptionInfo;

        public SendHeaders ExceptionHeaders => context.ExceptionHeaders;
    }

    private sealed class UnsignedDelivery : RabbitMqBasicConsumeContext
    {
        private readonly RabbitMqBasicConsumeContext _delivery;

        public UnsignedDelivery(RabbitMqBasicConsumeContext delivery)
        {
            _delivery = delivery;
            var properties = new BasicProperties(delivery.Properties);
            properties.Headers = new Dictionary<string, object?>(properties.Headers ?? new Dictionary<string, object?>()) { [BusHeaders.OriginalUser] = delivery.Properties.UserId };
            properties.ClearUserId();
            Properties = properties;
        }

        public IReadOnlyBasicProperties Properties { get; }

        public string Exchange => _delivery.Exchange;

        public string? RoutingKey => _delivery.RoutingKey;

        public string ConsumerTag => _delivery.ConsumerTag;

        public ulong DeliveryTag => _delivery.DeliveryTag;
    }
}
