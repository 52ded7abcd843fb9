using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using RabbitMQ.Client;

namespace EventMl.Bus;

/// <summary>AMQP's typed field table as JSON bytes and back, so that headers survive the database exactly: each value is <c>[type, value]</c> under AMQP's own letter.</summary>
internal static class AmqpTable
{
    // The broker's frames leave room for thousands of levels; nobody sends them in good faith.
    private const int MaxDepth = 32;

    public static void Write(Utf8JsonWriter writer, IEnumerable<KeyValuePair<string, object?>> table) => Write(writer, table, 0);

    public static Dictionary<string, object?> Read(JsonElement table) =>
        table.EnumerateObject().ToDictionary(p => p.Name, p => ReadValue(p.Value), StringComparer.Ordinal);

    /// <summary>A value as people and JSON know it: text for what is UTF-8, <c>{"base64": …}</c> for other bytes.</summary>
    public static object? Plain(object? value) => value switch
    {
        byte[] bytes => Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : Base64(bytes),
        BinaryTableValue binary => Base64(binary.Bytes ?? []),
        AmqpTimestamp time => time.UnixTime,
        IDictionary<string, object?> table => table.ToDictionary(p => p.Key, p => Plain(p.Value), StringComparer.Ordinal),
        System.Collections.IList list => list.Cast<object?>().Select(Plain).ToArray(),
        double or float => double.IsFinite(Convert.ToDouble(value, CultureInfo.InvariantCulture)) ? value : Convert.ToString(value, CultureInfo.InvariantCulture),
        _ => value,
    };

    private static Dictionary<string, string> Base64(byte[] bytes) => new(StringComparer.Ordinal) { ["base64"] = Convert.ToBase64String(bytes) };

    private static void Write(Utf8JsonWriter writer, IEnumerable<KeyValuePair<string, object?>> table, int depth)
    {
        writer.WriteStartObject();
        // Two headers may have one name on the wire; the client keeps the last, as every receiver does.
        foreach (var (name, value) in table)
        {
            writer.WritePropertyName(name);
            writer.WriteStartArray();
            WriteValue(writer, value, depth);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter writer, object? value, int depth)
    {
        switch (value)
        {
            case null: writer.WriteStringValue("V"); break;
            case byte[] bytes when Utf8.IsValid(bytes): Tagged("S").WriteStringValue(bytes); break;
            case byte[] bytes: Tagged("S64").WriteBase64StringValue(bytes); break;
            case BinaryTableValue binary: Tagged("x").WriteBase64StringValue(binary.Bytes ?? []); break;
            case string text: Tagged("S").WriteStringValue(text); break;
            case bool flag: Tagged("t").WriteBooleanValue(flag); break;
            case byte number: Tagged("B").WriteNumberValue(number); break;
            case sbyte number: Tagged("b").WriteNumberValue(number); break;
            case short number: Tagged("s").WriteNumberValue(number); break;
            case ushort number: Tagged("u").WriteNumberValue(number); break;
            case int number: Tagged("I").WriteNumberValue(number); break;
            case uint number: Tagged("i").WriteNumberValue(number); break;
            case long number: Tagged("l").WriteNumberValue(number); break;
            case float number: Tagged("f").WriteNumberValue(BitConverter.SingleToInt32Bits(number)); break;
            case double number: Tagged("d").WriteNumberValue(BitConverter.DoubleToInt64Bits(number)); break;
            case decimal number: Tagged("D").WriteStringValue(number.ToString(CultureInfo.InvariantCulture)); break;
            case AmqpTimestamp time: Tagged("T").WriteNumberValue(time.UnixTime); break;
            case IDictionary<string, object?> or System.Collections.IList when depth >= MaxDepth: Tagged("S").WriteStringValue("(nested too deeply)"); break;
            case IDictionary<string, object?> table: Write(Tagged("F"), table, depth + 1); break;
            case System.Collections.IList list: WriteList(Tagged("A"), list, depth + 1); break;
            default: Tagged("S").WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture)); break;
        }

        Utf8JsonWriter Tagged(string type)
        {
            writer.WriteStringValue(type);
            return writer;
        }
    }

    private static void WriteList(Utf8JsonWriter writer, System.Collections.IList list, int depth)
    {
        writer.WriteStartArray();
        foreach (var item in list)
        {
            writer.WriteStartArray();
            WriteValue(writer, item, depth);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }

    private static object? ReadValue(JsonElement pair)
    {
        var type = pair[0].GetString();
        var value = type == "V" ? default : pair[1];
        return type switch
        {
            "S" => Encoding.UTF8.GetBytes(value.GetString()!),
            "S64" => value.GetBytesFromBase64(),
            "x" => new BinaryTableValue(value.GetBytesFromBase64()),
            "t" => value.GetBoolean(),
            "B" => value.GetByte(),
            "b" => value.GetSByte(),
            "s" => value.GetInt16(),
            "u" => value.GetUInt16(),
            "I" => value.GetInt32(),
            "i" => value.GetUInt32(),
            "l" => value.GetInt64(),
            "f" => BitConverter.Int32BitsToSingle(value.GetInt32()),
            "d" => BitConverter.Int64BitsToDouble(value.GetInt64()),
            "D" => decimal.Parse(value.GetString()!, CultureInfo.InvariantCulture),
            "T" => new AmqpTimestamp(value.GetInt64()),
            "F" => Read(value),
            "A" => value.EnumerateArray().Select(ReadValue).ToList(),
            _ => null,
        };
    }
}
