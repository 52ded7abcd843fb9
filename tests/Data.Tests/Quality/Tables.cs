using System.Text;
using EventMl.Arrow;

namespace EventMl.Data.Tests.Quality;

/// <summary>Small tables for tests.</summary>
internal static class Tables
{
    public static ArrowField Number(string name) => new(name, ArrowType.Of(ArrowKind.Float64));

    public static ArrowField Integer(string name) => new(name, ArrowType.Of(ArrowKind.Int64));

    public static ArrowField Text(string name) => new(name, ArrowType.Of(ArrowKind.Utf8));

    /// <summary>Rows of numbers (double or long), texts, instants (seconds) and nulls, in the order of the fields.</summary>
    public static RecordBatch Of(IReadOnlyList<ArrowField> fields, params IEnumerable<object?[]> rows)
    {
        var builder = new RecordBatchBuilder(new ArrowSchema(fields));
        foreach (var row in rows)
        {
            for (var i = 0; i < row.Length; i++)
                Append(builder.Column(i), row[i]);
        }

        return builder.Build();
    }

    public static RecordBatch Column(ArrowField field, params IEnumerable<object?> values) => Of([field], values.Select(v => new[] { v }));

    private static void Append(ColumnBuilder column, object? value)
    {
        switch (value)
        {
            case null: column.AppendNull(); break;
            case double number when column is PrimitiveBuilder<double> numbers: numbers.Append(number); break;
            case long number when column is PrimitiveBuilder<long> numbers: numbers.Append(number); break;
            case int number when column is PrimitiveBuilder<long> numbers: numbers.Append(number); break;
            case int number when column is PrimitiveBuilder<int> numbers: numbers.Append(number); break;
            case bool bit when column is BoolBuilder bits: bits.Append(bit); break;
            case decimal number when column is DecimalBuilder numbers: numbers.Append(number); break;
            case string text: ((BinaryBuilder)column).Append(Encoding.UTF8.GetBytes(text)); break;
            case byte[] bytes: ((BinaryBuilder)column).Append(bytes); break;
            default: throw new ArgumentException($"{value} does not go into {column.Field}.", nameof(value));
        }
    }
}
