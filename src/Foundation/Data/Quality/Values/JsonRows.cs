using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using EventMl.Arrow;

namespace EventMl.Data.Quality;

/// <summary>Reads rows as <see cref="RowJson"/> writes them; numbers may also stand as text, instants also as counts of their unit.</summary>
internal static class JsonRows
{
    private const int LongestShown = 40;

    /// <summary>Appends one row; columns that the object lacks are null.</summary>
    /// <exception cref="FormatException">A value does not fit its column, or there is no such column.</exception>
    public static void Append(RecordBatchBuilder batch, JsonElement row)
    {
        if (row.ValueKind != JsonValueKind.Object)
            throw new FormatException($"a row is a JSON object, not {Shown(row)}");
        foreach (var property in row.EnumerateObject())
        {
            if (batch.Schema.IndexOf(property.Name) < 0)
                throw new FormatException($"there is no column '{property.Name}'; there are {string.Join(", ", batch.Schema.Fields.Select(f => f.Name))}");
        }

        for (var i = 0; i < batch.Schema.Fields.Count; i++)
        {
            var field = batch.Schema.Fields[i];
            if (row.TryGetProperty(field.Name, out var value))
                Value(batch.Column(i), value);
            else
                Null(batch.Column(i));
        }
    }

    private static void Value(ColumnBuilder column, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            Null(column);
            return;
        }

        try
        {
            Put(column, value);
        }
        catch (Exception e) when (e is InvalidOperationException or OverflowException or ArgumentException or KeyNotFoundException || (e is FormatException && e.Data.Count == 0))
        {
            var named = new FormatException($"{Shown(value)} does not fit column '{column.Field.Name}', which is {column.Field.Type}", e);
            named.Data["column"] = column.Field.Name;
            throw named;
        }
    }

    private static void Null(ColumnBuilder column)
    {
        if (!column.Field.Nullable)
            throw new FormatException($"column '{column.Field.Name}' allows no nulls");
        column.AppendNull();
    }

    private static void Put(ColumnBuilder column, JsonElement value)
    {
        switch (column)
        {
            case BoolBuilder bits:
                bits.Append(value.ValueKind == JsonValueKind.String ? bool.Parse(value.GetString()!) : value.GetBoolean());
                break;
            case Utf8Builder text:
                text.Append(value.GetString());
                break;
            case BinaryBuilder bytes:
                bytes.Append(value.GetBytesFromBase64());
                break;
            case FixedSizeBinaryBuilder bytes:
                bytes.Append(value.GetBytesFromBase64());
                break;
            case DecimalBuilder number:
                number.AppendUnscaled(Unscaled(Text(value), column.Field.Type.Scale));
                break;
            case DictionaryBuilder { SharedValues: Utf8Builder } shared:
                shared.Append(value.GetString());
                break;
            case DictionaryBuilder shared:
                Value(shared.SharedValues, value);
                shared.AppendIndex(shared.DictionaryLength - 1);
                break;
            case RunEndBuilder runs:
                Value(runs.RunValues, value);
                runs.AppendRun(1);
                break;
            case StructBuilder record:
                foreach (var field in record.Fields)
                    Value(field, value.GetProperty(field.Field.Name));
                record.Append();
                break;
            case MapBuilder map:
                foreach (var pair in value.EnumerateArray())
                {
                    Value(map.Keys, pair.GetProperty(map.Keys.Field.Name));
                    Value(map.MapValues, pair.GetProperty(map.MapValues.Field.Name));
                }

                map.Append();
                break;
            case ListBuilder list:
                Items(list.Items, value);
                list.Append();
                break;
            case FixedSizeListBuilder list:
                Items(list.Items, value);
                list.Append();
                break;
            default:
                Number(column, value);
                break;
        }
    }

    private static void Items(ColumnBuilder items, JsonElement value)
    {
        foreach (var item in value.EnumerateArray())
            Value(items, item);
    }

    private static void Number(ColumnBuilder column, JsonElement value)
    {
        var text = Text(value);
        switch (column)
        {
            case PrimitiveBuilder<sbyte> b: b.Append(Parse<sbyte>(text)); break;
            case PrimitiveBuilder<byte> b: b.Append(Parse<byte>(text)); break;
            case PrimitiveBuilder<short> b: b.Append(Parse<short>(text)); break;
            case PrimitiveBuilder<ushort> b: b.Append(Parse<ushort>(text)); break;
            case PrimitiveBuilder<uint> b: b.Append(Parse<uint>(text)); break;
            case PrimitiveBuilder<ulong> b: b.Append(Parse<ulong>(text)); break;
            case PrimitiveBuilder<Half> b: b.Append(Parse<Half>(text)); break;
            case PrimitiveBuilder<float> b: b.Append(Parse<float>(text)); break;
            case PrimitiveBuilder<double> b: b.Append(Parse<double>(text)); break;
            case PrimitiveBuilder<int> b: b.Append(checked((int)ClockText.Steps(text, column.Field.Type))); break;
            case PrimitiveBuilder<long> b: b.Append(ClockText.Steps(text, column.Field.Type)); break;
            default: throw new InvalidOperationException($"Rows of {column.Field.Type} are not read from JSON.");
        }
    }

    private static T Parse<T>(string text)
        where T : INumberBase<T> => T.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    private static BigInteger Unscaled(string text, int scale)
    {
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var digits = point < 0 ? text : text.Remove(point, 1);
        var shift = scale - (point < 0 ? 0 : text.Length - point - 1);
        var number = BigInteger.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (shift >= 0)
            return number * BigInteger.Pow(10, shift);
        var (whole, rest) = BigInteger.DivRem(number, BigInteger.Pow(10, -shift));
        return rest.IsZero ? whole : throw new FormatException($"{text} has more than {scale} digits behind the point.");
    }

    private static string Shown(JsonElement value) => value.GetRawText() is { Length: > LongestShown } text ? string.Concat(text.AsSpan(0, LongestShown), "…") : value.GetRawText();
}
