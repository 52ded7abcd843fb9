using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace EventMl.EventStore;

/// <summary>The one cleaning step at every edge: what PostgreSQL's jsonb would refuse or alter is removed before it gets there.</summary>
public static class Clean
{
    /// <summary>Longest text kept, in UTF-16 code units.</summary>
    public const int MaxText = 65_536;

    private const int MaxDigits = 400;

    /// <summary>The text without NUL and lone surrogates, cut to <paramref name="limit"/> code units.</summary>
    public static string Text(string value, int limit = MaxText)
    {
        if (value.Length <= limit && !NeedsCleaning(value))
        {
            return value;
        }

        var clean = new StringBuilder(Math.Min(value.Length, limit));
        for (var i = 0; i < value.Length && clean.Length < limit; i++)
        {
            var c = value[i];
            if (char.IsHighSurrogate(c) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1]))
            {
                if (clean.Length + 2 > limit)
                {
                    break;
                }

                clean.Append(c).Append(value[++i]);
            }
            else if (c != '\0')
            {
                clean.Append(char.IsSurrogate(c) ? '\uFFFD' : c);
            }
        }

        return clean.ToString();
    }

    /// <summary>The time in UTC, cut to whole microseconds.</summary>
    public static DateTimeOffset Time(DateTimeOffset value)
    {
        var utc = value.ToUniversalTime();
        return utc.AddTicks(-(utc.Ticks % TimeSpan.TicksPerMicrosecond));
    }

    /// <summary>Writes a JSON value with every text in it cleaned; numbers keep their digits.</summary>
    public static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in value.EnumerateObject())
                {
                    writer.WritePropertyName(Text(Unescape(JsonMarshal.GetRawUtf8PropertyName(property))));
                    Write(writer, property.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(Text(Unescape(JsonMarshal.GetRawUtf8Value(value)[1..^1])));
                break;
            case JsonValueKind.Number:
                WriteNumber(writer, value);
                break;
            case JsonValueKind.Undefined:
                writer.WriteNullValue();
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    private static bool NeedsCleaning(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (char.IsHighSurrogate(value[i]) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1]))
            {
                i++;
            }
            else if (value[i] == '\0' || char.IsSurrogate(value[i]))
            {
                return true;
            }
        }

        return false;
    }

    // Digits are kept as they are, unless they would fill jsonb's numeric with thousands of zeros or overflow it.
    private static void WriteNumber(Utf8JsonWriter writer, JsonElement value)
    {
        var number = value.TryGetDouble(out var d) ? d : double.NaN;
        if (!double.IsFinite(number))
        {
            writer.WriteNullValue();
        }
        else if (JsonMarshal.GetRawUtf8Value(value).Length > MaxDigits || number == 0)
        {
            // Zero stands for any number too small for a double, whatever its exponent.
            writer.WriteNumberValue(number);
        }
        else
        {
            value.WriteTo(writer);
        }
    }

    // GetString and Name throw on escaped lone surrogates ("\ud800") and on bytes that are not UTF-8.
    private static string Unescape(ReadOnlySpan<byte> raw)
    {
        var escaped = Encoding.UTF8.GetString(raw);
        if (!escaped.Contains('\\', StringComparison.Ordinal))
        {
            return escaped;
        }

        var text = new StringBuilder(escaped.Length);
        for (var i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] != '\\')
            {
                text.Append(escaped[i]);
                continue;
            }

            i++;
            text.Append(escaped[i] switch
            {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\b',
                'f' => '\f',
                'u' => (char)ushort.Parse(escaped.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                var c => c,
            });
            i += escaped[i] == 'u' ? 4 : 0;
        }

        return text.ToString();
    }
}
