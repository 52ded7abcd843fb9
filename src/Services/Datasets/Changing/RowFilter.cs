using System.Globalization;
using EventMl.Arrow;
using EventMl.Contracts.Datasets;
using EventMl.Lake;

namespace EventMl.Datasets.Changing;

/// <summary>Tells which rows of a column fulfil a condition.</summary>
internal static class RowFilter
{
    private const string IsNull = "is null";
    private const string IsNotNull = "is not null";
    private static readonly string[] _comparisons = ["=", "!=", "<", "<=", ">", ">="];

    /// <summary>What is wrong with a condition whatever the dataset is; null when nothing is.</summary>
    public static string? Check(RowCondition? where) => where switch
    {
        null => "'where' is missing.",
        { Column: null or "" } => "'where' needs a 'column'.",
        { Op: IsNull or IsNotNull, Value: not null } => $"'{where.Op}' takes no 'value'.",
        { Op: IsNull or IsNotNull } => null,
        _ when !_comparisons.Contains(where.Op, StringComparer.Ordinal) => $"'op' must be one of: {string.Join(", ", _comparisons)}, {IsNull}, {IsNotNull}.",
        { Value: null } => $"'{where.Op}' needs a 'value'.",
        _ => null,
    };

    /// <summary>The test of a row, given its column, for a column of that type.</summary>
    /// <exception cref="LakeException">The column or the value cannot be compared.</exception>
    public static Func<Column, int, bool> For(LakeVersion version, RowCondition where)
    {
        var field = version.Fields.FirstOrDefault(f => f.Name == where.Column)
            ?? throw new LakeException($"{version.Uri} has no column '{where.Column}'; it has {string.Join(", ", version.Fields.Select(f => f.Name))}.");
        return where.Op switch
        {
            IsNull => (column, row) => column.IsNull(row),
            IsNotNull => (column, row) => !column.IsNull(row),
            var op => (column, row) => !column.IsNull(row) && Holds(op!, Compare(column, row, where.Value!, field.Name)),
        };
    }

    // NaN compares with nothing, and differs from everything.
    private static bool Holds(string op, int? order) => op switch
    {
        "=" => order == 0,
        "!=" => order != 0,
        "<" => order < 0,
        "<=" => order <= 0,
        ">" => order > 0,
        _ => order >= 0,
    };

    private static int? Compare(Column column, int row, string value, string name)
    {
        var kind = column.Field.Type.Kind;
        return column switch
        {
            DictionaryColumn d => Compare(d.Dictionary, d.GetIndex(row), value, name),
            RunEndColumn r => Compare(r.RunValues, r.GetRun(row), value, name),
            Utf8Column text => string.CompareOrdinal(text.GetString(row), value),
            BoolColumn b => b.GetValue(row).CompareTo(bool.TryParse(value, out var flag) ? flag : throw Unfit(value, name, "true or false")),
            DecimalColumn d => (d.GetDecimal(row) ?? throw Unsupported(name, column)).CompareTo(decimal.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : throw Unfit(value, name, "a number")),
            PrimitiveColumn p when kind is ArrowKind.Date32 or ArrowKind.Date64 or ArrowKind.Timestamp => Ticks(p, row).CompareTo(Instant(value, name)),
            PrimitiveColumn p when kind is ArrowKind.Float16 or ArrowKind.Float32 or ArrowKind.Float64 => Real(p, row) is var real && double.IsNaN(real) ? null : real.CompareTo(RealOf(value, name)),
            PrimitiveColumn p when kind is >= ArrowKind.Int8 and <= ArrowKind.UInt64 => Whole(p, row).CompareTo(WholeOf(value, name)),
            _ => throw Unsupported(name, column),
        };
    }

    private static Int128 Whole(PrimitiveColumn column, int row) => column.Field.Type.Kind switch
    {
        ArrowKind.Int8 => column.Values<sbyte>()[row],
        ArrowKind.UInt8 => column.Values<byte>()[row],
        ArrowKind.Int16 => column.Values<short>()[row],
        ArrowKind.UInt16 => column.Values<ushort>()[row],
        ArrowKind.Int32 => column.Values<int>()[row],
        ArrowKind.UInt32 => column.Values<uint>()[row],
        ArrowKind.Int64 => column.Values<long>()[row],
        _ => column.Values<ulong>()[row],
    };

    private static double Real(PrimitiveColumn column, int row) => column.Field.Type.Kind switch
    {
        ArrowKind.Float16 => (double)column.Values<Half>()[row],
        ArrowKind.Float32 => column.Values<float>()[row],
        _ => column.Values<double>()[row],
    };

    // In ticks of 100 ns since 1970; finer steps are cut.
    private static Int128 Ticks(PrimitiveColumn column, int row) => column.Field.Type switch
    {
        { Kind: ArrowKind.Date32 } => (Int128)column.Values<int>()[row] * TimeSpan.TicksPerDay,
        { Kind: ArrowKind.Date64 } => (Int128)column.Values<long>()[row] * TimeSpan.TicksPerMillisecond,
        { Unit: ArrowTimeUnit.Second } => (Int128)column.Values<long>()[row] * TimeSpan.TicksPerSecond,
        { Unit: ArrowTimeUnit.Millisecond } => (Int128)column.Values<long>()[row] * TimeSpan.TicksPerMillisecond,
        { Unit: ArrowTimeUnit.Microsecond } => (Int128)column.Values<long>()[row] * TimeSpan.TicksPerMicrosecond,
        _ => column.Values<long>()[row] / 100,
    };

    private static Int128 Instant(string value, string name) =>
        DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant)
            ? instant.UtcTicks - DateTimeOffset.UnixEpoch.Ticks
            : throw Unfit(value, name, "an instant such as 2026-03-01T12:00:00Z");

    private static double RealOf(string value, string name) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && !double.IsNaN(real) ? real : throw Unfit(value, name, "a number");

    private static Int128 WholeOf(string value, string name) =>
        Int128.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole : throw Unfit(value, name, "a whole number");

    private static LakeException Unfit(string value, string name, string what) => new($"'{value}' cannot be compared with the column '{name}'; give {what}.");

    private static LakeException Unsupported(string name, Column column) => new($"The column '{name}' is {column.Field.Type} and cannot be compared; use '{IsNull}', '{IsNotNull}', or row ids.");
}
