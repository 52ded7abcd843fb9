using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using EventMl.Arrow;
using EventMl.Contracts.Datasets;
using EventMl.Datasets.Changing;
using EventMl.Lake;

namespace EventMl.Datasets.Viewing;

/// <summary>The first rows of a version; <paramref name="Truncated"/> says that some values are longer than shown.</summary>
internal sealed record DatasetPreviewAnswer(string Dataset, long Version, IReadOnlyList<DatasetField> Schema, IReadOnlyList<long> RowIds, JsonElement Rows, bool Truncated);

/// <summary>Rows as JSON for people to look at: of every type, and of bounded size.</summary>
internal sealed class DatasetPreview
{
    public const int UsualRows = 20;
    public const int MaxRows = 1000;
    private const int MaxText = 200;
    private const int MaxBytes = 48;
    private const int MaxItems = 32;
    private const int MaxDepth = 8;
    private const int MaxAnswer = 8 << 20;

    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly List<long> _ids = [];
    private bool _truncated;

    /// <exception cref="LakeException">A column does not exist, or a file is missing or damaged.</exception>
    public static async Task<DatasetPreviewAnswer> ReadAsync(LakeVersion version, int rows, string[] columns, CancellationToken ct)
    {
        var preview = new DatasetPreview();
        await using var writer = new Utf8JsonWriter(preview._buffer);
        writer.WriteStartArray();
        await foreach (var batch in LakeReader.StreamAsync(version, columns, ct))
        {
            preview.Add(writer, batch, rows);
            if (preview._ids.Count == rows || (preview._truncated && writer.BytesCommitted + writer.BytesPending > MaxAnswer))
            {
                break;
            }
        }

        writer.WriteEndArray();
        await writer.FlushAsync(ct);
        var fields = DatasetFields.Of(version).Where(f => columns.Length == 0 || columns.Contains(f.Name, StringComparer.Ordinal));
        return new DatasetPreviewAnswer(version.Name, version.Version, [.. fields], preview._ids, JsonSerializer.Deserialize<JsonElement>(preview._buffer.WrittenSpan), preview._truncated);
    }

    private void Add(Utf8JsonWriter writer, LakeRows rows, int limit)
    {
        for (var row = 0; row < rows.Batch.Length && _ids.Count < limit; row++)
        {
            if (writer.BytesCommitted + writer.BytesPending > MaxAnswer)
            {
                _truncated = true;
                return;
            }

            _ids.Add(rows.RowIds[row]);
            writer.WriteStartObject();
            for (var i = 0; i < rows.Batch.Schema.Fields.Count; i++)
            {
                writer.WritePropertyName(rows.Batch.Schema.Fields[i].Name);
                Write(writer, rows.Batch.Column(i), row, 0);
            }

            writer.WriteEndObject();
        }
    }

    private void Write(Utf8JsonWriter writer, Column column, int row, int depth)
    {
        if (column.IsNull(row))
        {
            writer.WriteNullValue();
            return;
        }

        switch (column)
        {
            case DictionaryColumn d:
                Write(writer, d.Dictionary, d.GetIndex(row), depth);
                break;
            case RunEndColumn r:
                Write(writer, r.RunValues, r.GetRun(row), depth);
                break;
            case UnionColumn u:
                var (child, place) = u.GetPlace(row);
                Write(writer, u.Children[child], place, depth);
                break;
            case Utf8Column text:
                writer.WriteStringValue(Cut(text.GetString(row)!));
                break;
            case BytesColumn bytes:
                var span = bytes.GetSpan(row);
                _truncated |= span.Length > MaxBytes;
                writer.WriteBase64StringValue(span[..Math.Min(span.Length, MaxBytes)]);
                break;
            case BoolColumn b:
                writer.WriteBooleanValue(b.GetValue(row));
                break;
            case DecimalColumn d:
                writer.WriteStringValue(Decimal(d.GetUnscaled(row), d.Field.Type.Scale));
                break;
            case MapColumn map:
                WriteMap(writer, map, row, depth);
                break;
            case ListColumn list:
                var (start, length) = list.GetRange(row).GetOffsetAndLength(list.Items.Length);
                WriteItems(writer, list.Items, start, length, depth);
                break;
            case FixedSizeListColumn list:
                WriteItems(writer, list.Items, row * list.ListSize, list.ListSize, depth);
                break;
            case StructColumn parts:
                WriteStruct(writer, parts, row, depth);
                break;
            default:
                WritePlain(writer, (PrimitiveColumn)column, row);
                break;
        }
    }

    private void WriteItems(Utf8JsonWriter writer, Column items, int start, int length, int depth)
    {
        writer.WriteStartArray();
        var shown = depth < MaxDepth ? Math.Min(length, MaxItems) : 0;
        _truncated |= shown < length;
        for (var i = 0; i < shown; i++)
        {
            Write(writer, items, start + i, depth + 1);
        }

        writer.WriteEndArray();
    }

    private void WriteStruct(Utf8JsonWriter writer, StructColumn parts, int row, int depth)
    {
        writer.WriteStartObject();
        _truncated |= depth >= MaxDepth;
        for (var i = 0; i < parts.Children.Count && depth < MaxDepth; i++)
        {
            writer.WritePropertyName(parts.Children[i].Field.Name);
            Write(writer, parts.Children[i], row, depth + 1);
        }

        writer.WriteEndObject();
    }

    // Keys are of any type, so a map is a list of pairs.
    private void WriteMap(Utf8JsonWriter writer, MapColumn map, int row, int depth)
    {
        var (start, length) = map.GetRange(row).GetOffsetAndLength(map.Items.Length);
        var shown = depth < MaxDepth ? Math.Min(length, MaxItems) : 0;
        _truncated |= shown < length;
        writer.WriteStartArray();
        for (var i = start; i < start + shown; i++)
        {
            writer.WriteStartArray();
            Write(writer, map.Keys, i, depth + 1);
            Write(writer, map.MapValues, i, depth + 1);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }

    private static void WritePlain(Utf8JsonWriter writer, PrimitiveColumn column, int row)
    {
        switch (column.Field.Type.Kind)
        {
            case ArrowKind.Int8: writer.WriteNumberValue(column.Values<sbyte>()[row]); break;
            case ArrowKind.UInt8: writer.WriteNumberValue(column.Values<byte>()[row]); break;
            case ArrowKind.Int16: writer.WriteNumberValue(column.Values<short>()[row]); break;
            case ArrowKind.UInt16: writer.WriteNumberValue(column.Values<ushort>()[row]); break;
            case ArrowKind.Int32: writer.WriteNumberValue(column.Values<int>()[row]); break;
            case ArrowKind.UInt32: writer.WriteNumberValue(column.Values<uint>()[row]); break;
            case ArrowKind.Int64: writer.WriteNumberValue(column.Values<long>()[row]); break;
            case ArrowKind.UInt64: writer.WriteNumberValue(column.Values<ulong>()[row]); break;
            case ArrowKind.Float16: WriteReal(writer, (double)column.Values<Half>()[row]); break;
            case ArrowKind.Float32: WriteReal(writer, column.Values<float>()[row]); break;
            case ArrowKind.Float64: WriteReal(writer, column.Values<double>()[row]); break;
            default: writer.WriteStringValue(ArrowTimes.Text(column, row)); break;
        }
    }

    // JSON has no word for what is not finite.
    private static void WriteReal(Utf8JsonWriter writer, double value)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static string Decimal(BigInteger unscaled, int scale)
    {
        if (scale <= 0)
        {
            return (unscaled * BigInteger.Pow(10, Math.Min(-scale, 100))).ToString(CultureInfo.InvariantCulture);
        }

        var digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        return $"{(unscaled.Sign < 0 ? "-" : "")}{digits[..^scale]}.{digits[^scale..]}";
    }

    private string Cut(string text)
    {
        if (text.Length <= MaxText)
        {
            return text;
        }

        _truncated = true;
        return text[..(char.IsHighSurrogate(text[MaxText - 1]) ? MaxText - 1 : MaxText)] + "…";
    }
}
