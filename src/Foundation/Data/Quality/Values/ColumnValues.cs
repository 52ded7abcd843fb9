using System.Globalization;
using System.Text;
using EventMl.Arrow;

namespace EventMl.Data.Quality;

/// <summary>What can be said of a column's values.</summary>
internal enum ValueClass
{
    /// <summary>Integers, floats, decimals, times of day and durations (both in seconds).</summary>
    Number,

    /// <summary>Dates and timestamps, in seconds since 1970.</summary>
    Instant,
    Text,
    Bool,
    Bytes,

    /// <summary>Nested values, unions and intervals: rows and nulls are counted, nothing else.</summary>
    Other,
}

/// <summary>One column of one batch, looked at through dictionaries and runs.</summary>
internal sealed class ColumnValues
{
    private readonly Column _values;
    private readonly int[]? _rows;
    private double[]? _numbers;

    public ColumnValues(Column column)
    {
        Length = column.Length;
        (_values, _rows) = Resolve(column);
        Type = _values.Field.Type;
        Class = ClassOf(Type);
    }

    public int Length { get; }

    /// <summary>The type of the values themselves: a dictionary's or run's value type.</summary>
    public ArrowType Type { get; }

    public ValueClass Class { get; }

    /// <summary>The value of each row as a double; arbitrary where the row is null. Numbers and instants only.</summary>
    public ReadOnlySpan<double> Numbers => _numbers ??= ReadNumbers();

    public bool HasNulls => _rows is not null || _values.NullCount > 0 || _values is UnionColumn;

    /// <summary>Whether <see cref="Key"/> tells the value itself, not only a hash of it.</summary>
    public bool HasExactKeys => Class is ValueClass.Bool or ValueClass.Instant || (Class == ValueClass.Number && _values is not DecimalColumn);

    public static ValueClass ClassOf(ArrowType type) => type.Kind switch
    {
        ArrowKind.Dictionary or ArrowKind.RunEndEncoded => ClassOf(type.Children[1].Type),
        ArrowKind.Bool => ValueClass.Bool,
        (>= ArrowKind.Int8 and <= ArrowKind.Float64) or (>= ArrowKind.Decimal32 and <= ArrowKind.Decimal256) => ValueClass.Number,
        ArrowKind.Time32 or ArrowKind.Time64 or ArrowKind.Duration => ValueClass.Number,
        ArrowKind.Timestamp or ArrowKind.Date32 or ArrowKind.Date64 => ValueClass.Instant,
        ArrowKind.Utf8 or ArrowKind.LargeUtf8 or ArrowKind.Utf8View => ValueClass.Text,
        ArrowKind.Binary or ArrowKind.LargeBinary or ArrowKind.BinaryView or ArrowKind.FixedSizeBinary => ValueClass.Bytes,
        _ => ValueClass.Other,
    };

    public bool IsNull(int row) => _rows is null ? _values.IsNull(row) : _rows[row] < 0 || _values.IsNull(_rows[row]);

    public ReadOnlySpan<byte> Bytes(int row) => ((BytesColumn)_values).GetSpan(Place(row));

    /// <summary>Equal values have equal keys; different ones differ where <see cref="HasExactKeys"/>, and with overwhelming likelihood elsewhere.</summary>
    public ulong Key(int row)
    {
        var at = Place(row);
        return _values switch
        {
            BytesColumn bytes => StableHash.Of(bytes.GetSpan(at)),
            BoolColumn bits => bits.GetValue(at) ? 1UL : 0UL,
            DecimalColumn numbers => StableHash.Of(numbers.GetUnscaled(at).ToByteArray()),
            _ when Class is ValueClass.Number or ValueClass.Instant => NumericKey(at, row),
            _ => throw new InvalidOperationException($"Values of {Type} are not compared."),
        };
    }

    /// <summary>The value for people, without loss; bytes that are no UTF-8 are shown as replacement characters.</summary>
    public string Text(int row) => Class == ValueClass.Text
        ? Encoding.UTF8.GetString(Bytes(row))
        : HasExactKeys ? TextOf(Key(row), Type) : _values switch
        {
            DecimalColumn numbers => DecimalText.Of(numbers.GetUnscaled(Place(row)), Type.Scale),
            BytesColumn bytes => Convert.ToHexStringLower(bytes.GetSpan(Place(row))),
            _ => RowJson.Value(_values, Place(row)),
        };

    /// <summary>The text of a value with an exact key.</summary>
    public static string TextOf(ulong key, ArrowType type) => type.Kind switch
    {
        ArrowKind.Bool => key == 1 ? "true" : "false",
        ArrowKind.UInt64 => key.ToString(CultureInfo.InvariantCulture),
        ArrowKind.Float32 => ((float)BitConverter.UInt64BitsToDouble(key)).ToString("R", CultureInfo.InvariantCulture),
        ArrowKind.Float16 => ((Half)BitConverter.UInt64BitsToDouble(key)).ToString("R", CultureInfo.InvariantCulture),
        ArrowKind.Float64 => BitConverter.UInt64BitsToDouble(key).ToString("R", CultureInfo.InvariantCulture),
        _ when IsClock(type) => ClockText.Of((long)key, type),
        _ => ((long)key).ToString(CultureInfo.InvariantCulture),
    };

    private static bool IsClock(ArrowType type) => type.Kind is >= ArrowKind.Timestamp and <= ArrowKind.Duration;

    private static (Column Values, int[]? Rows) Resolve(Column column)
    {
        int[]? rows = null;
        while (column is DictionaryColumn or RunEndColumn)
        {
            var here = column;
            var map = new int[rows?.Length ?? column.Length];
            for (var row = 0; row < map.Length; row++)
            {
                var at = rows is null ? row : rows[row];
                map[row] = at < 0 || here.IsNull(at) ? -1 : here is DictionaryColumn d ? d.GetIndex(at) : ((RunEndColumn)here).GetRun(at);
            }

            (rows, column) = (map, here is DictionaryColumn dictionary ? dictionary.Dictionary : ((RunEndColumn)here).RunValues);
        }

        return (column, rows);
    }

    private int Place(int row) => _rows is null ? row : _rows[row];

    private ulong NumericKey(int at, int row) => Type.Kind switch
    {
        ArrowKind.Int64 or ArrowKind.Timestamp or ArrowKind.Time64 or ArrowKind.Duration or ArrowKind.Date64 => (ulong)_values.Values<long>()[at],
        ArrowKind.UInt64 => _values.Values<ulong>()[at],
        ArrowKind.Date32 or ArrowKind.Time32 => (ulong)_values.Values<int>()[at],
        ArrowKind.Float16 or ArrowKind.Float32 or ArrowKind.Float64 => FloatKey(Numbers[row]),
        _ => (ulong)(long)Numbers[row],
    };

    // Adding zero turns -0 into 0; all NaN are one value.
    public static ulong FloatKey(double value) => BitConverter.DoubleToUInt64Bits(double.IsNaN(value) ? double.NaN : value + 0.0);

    private double[] ReadNumbers()
    {
        var own = NumberReader.Read(_values);
        if (_rows is null)
            return own;
        var numbers = new double[_rows.Length];
        for (var row = 0; row < numbers.Length; row++)
            numbers[row] = _rows[row] < 0 ? 0 : own[_rows[row]];
        return numbers;
    }
}
