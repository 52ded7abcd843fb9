using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EventMl.Contracts;
using RabbitMQ.Client;

namespace EventMl.Bus;

/// <summary>A message as AMQP carries it: the exact bytes, every property and every header.</summary>
public sealed class RawMessage
{
    private const string EnvelopeType = "application/vnd.masstransit+json";

    // Written by MassTransit when it moves a message; they tell of the failure, not of the message.
    private static readonly string[] _moved = ["MT-Fault-", "MT-Host-", "MT-Reason"];

    internal RawMessage(BasicProperties properties, ReadOnlyMemory<byte> body)
    {
        properties.Headers ??= new Dictionary<string, object?>(StringComparer.Ordinal);
        Properties = properties;
        Body = body;
    }

    /// <summary>The body's bytes.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>AMQP's <c>content_type</c>.</summary>
    public string? ContentType => Properties.ContentType;

    /// <summary>SHA-256 of the body, lower-case hexadecimal.</summary>
    public string BodySha256 => Convert.ToHexStringLower(SHA256.HashData(Body.Span));

    /// <summary>Properties and headers as AMQP knows them, for people; texts where they are UTF-8, <c>{"base64": …}</c> for other bytes.</summary>
    public IReadOnlyDictionary<string, object?> Headers => Properties.Headers!.ToDictionary(h => h.Key, h => AmqpTable.Plain(h.Value), StringComparer.Ordinal);

    internal BasicProperties Properties { get; }

    /// <summary>A header's text; null when it is absent or no text.</summary>
    public string? Header(string name) => Properties.Headers!.TryGetValue(name, out var value) ? AmqpTable.Plain(value) as string : null;

    /// <summary>The identity under which receivers remember the message: the envelope's id, else AMQP's <c>message_id</c>; null when it has neither.</summary>
    public Guid? MessageId => EnvelopeText("messageId") is { } text && Guid.TryParse(text, out var inside) ? inside
        : Properties.MessageId is not { Length: > 0 } id ? null
        : Guid.TryParse(id, out var given) ? given : Ids.Derive("message-id", id);

    /// <summary>Name of the message as the envelope gives it (<c>RequestTraining</c>); null for plain JSON.</summary>
    public string? MessageType => EnvelopeText("messageType") is { } urn ? urn[(urn.LastIndexOf(':') + 1)..] : null;

    /// <summary>The AMQP properties by their names in the protocol, without the absent ones.</summary>
    public IReadOnlyDictionary<string, object> Named()
    {
        var named = new Dictionary<string, object>(StringComparer.Ordinal);
        Add("content_type", Properties.ContentType);
        Add("content_encoding", Properties.ContentEncoding);
        Add("delivery_mode", Properties.IsDeliveryModePresent() ? (int)Properties.DeliveryMode : null);
        Add("priority", Properties.IsPriorityPresent() ? (int)Properties.Priority : null);
        Add("correlation_id", Properties.CorrelationId);
        Add("reply_to", Properties.ReplyTo);
        Add("expiration", Properties.Expiration);
        Add("message_id", Properties.MessageId);
        Add("timestamp", Properties.IsTimestampPresent() ? Properties.Timestamp.UnixTime : null);
        Add("type", Properties.Type);
        Add("user_id", Properties.UserId);
        Add("app_id", Properties.AppId);
        Add("cluster_id", Properties.ClusterId);
        return named;

        void Add(string name, object? value)
        {
            if (value is not null)
            {
                named.Add(name, value);
            }
        }
    }

    /// <summary>Properties and headers as bytes for <see cref="Read"/>; nothing of their types is lost.</summary>
    public byte[] Envelope()
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("properties");
            JsonSerializer.Serialize(writer, Named());
            writer.WritePropertyName("headers");
            AmqpTable.Write(writer, Properties.Headers!);
            writer.WriteEndObject();
        }

        return bytes.ToArray();
    }

    /// <summary>The message that <see cref="Envelope"/> and its body were kept of.</summary>
    public static RawMessage Read(byte[] envelope, byte[] body)
    {
        using var json = JsonDocument.Parse(envelope, new JsonDocumentOptions { MaxDepth = 200 });
        var named = json.RootElement.GetProperty("properties");
        var properties = new BasicProperties { Headers = AmqpTable.Read(json.RootElement.GetProperty("headers")) };
        foreach (var property in named.EnumerateObject())
        {
            Set(properties, property.Name, property.Value);
        }

        return new RawMessage(properties, body);
    }

    /// <summary>The message for its way back: without the marks of its failure, under the platform's name, and still nobody's word but its sender's.</summary>
    /// <param name="fallbackId">Its identity when it has none of its own, so that a doubled delivery is one message.</param>
    /// <param name="ownUser">The platform's account on the broker.</param>
    internal RawMessage ForRedrive(Guid fallbackId, string ownUser)
    {
        var copy = Copy();
        foreach (var name in copy.Headers!.Keys.Where(name => _moved.Any(m => name.StartsWith(m, StringComparison.OrdinalIgnoreCase))).ToArray())
        {
            copy.Headers.Remove(name);
        }

        // Whoever could put a letter into a dead letter queue by hand must not speak for the platform by a re-drive.
        DeadLetters.Mark(copy, ownUser);
        if (MessageId is null)
        {
            copy.MessageId = fallbackId.ToString("D");
        }

        return new RawMessage(copy, Body);
    }

    /// <summary>The message with another body, content type or headers, sent in the name of who changed it.</summary>
    /// <param name="body">The new body; null keeps the old one.</param>
    /// <param name="contentType">The new content type; null keeps the old one.</param>
    /// <param name="headers">Headers to set; a null value removes.</param>
    /// <param name="actor">Who changed it.</param>
    /// <param name="ownUser">The platform's account on the broker.</param>
    internal RawMessage Edited(byte[]? body, string? contentType, IReadOnlyDictionary<string, object?> headers, string actor, string ownUser)
    {
        var copy = Copy();
        copy.ContentType = contentType ?? copy.ContentType;
        foreach (var (name, value) in headers)
        {
            if (value is null)
            {
                copy.Headers!.Remove(name);
            }
            else
            {
                copy.Headers![name] = value;
            }
        }

        copy.UserId = ownUser;
        copy.Headers!.Remove(BusHeaders.OriginalUser);
        copy.Headers[BusHeaders.Actor] = actor;
        return new RawMessage(copy, body ?? Body);
    }

    private BasicProperties Copy() => new(Properties) { Headers = new Dictionary<string, object?>(Properties.Headers!, StringComparer.Ordinal) };

    private string? EnvelopeText(string name)
    {
        if (ContentType?.StartsWith(EnvelopeType, StringComparison.OrdinalIgnoreCase) != true)
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(Body);
            var member = json.RootElement.ValueKind == JsonValueKind.Object
                ? json.RootElement.EnumerateObject().FirstOrDefault(p => string.Equals(p.Name, name, StringComparison.OrdinalIgnoreCase)).Value
                : default;
            var text = member.ValueKind == JsonValueKind.Array && member.GetArrayLength() > 0 ? member[0] : member;
            return text.ValueKind == JsonValueKind.String ? text.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Broken bytes, or text that is no UTF-8: then the envelope says nothing.
            return null;
        }
    }

    private static void Set(BasicProperties properties, string name, JsonElement value)
    {
        switch (name)
        {
            case "content_type": properties.ContentType = value.GetString(); break;
            case "content_encoding": properties.ContentEncoding = value.GetString(); break;
            case "delivery_mode": properties.DeliveryMode = (DeliveryModes)value.GetByte(); break;
            case "priority": properties.Priority = value.GetByte(); break;
            case "correlation_id": properties.CorrelationId = value.GetString(); break;
            case "reply_to": properties.ReplyTo = value.GetString(); break;
            case "expiration": properties.Expiration = value.GetString(); break;
            case "message_id": properties.MessageId = value.GetString(); break;
            case "timestamp": properties.Timestamp = new AmqpTimestamp(value.GetInt64()); break;
            case "type": properties.Type = value.GetString(); break;
            case "user_id": properties.UserId = value.GetString(); break;
            case "app_id": properties.AppId = value.GetString(); break;
            case "cluster_id": properties.ClusterId = value.GetString(); break;
        }
    }
}
