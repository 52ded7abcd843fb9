using System.Globalization;
using System.Runtime.CompilerServices;
using EventMl.Arrow.Format;

namespace EventMl.Arrow.Types;

internal sealed class NullLayout() : TypeLayout(ArrowKind.Null, 1, "null", buffers: 0)
{
    public override Column Load(ColumnLoader loader, ArrowField field) => new NullColumn(field, loader.NextNode().Length);

    public override ColumnBuilder NewBuilder(ArrowField field) => new NullBuilder(field);
}

internal sealed class BoolLayout() : TypeLayout(ArrowKind.Bool, 6, "bool", buffers: 2)
{
    public override Column Load(ColumnLoader loader, ArrowField field)
    {
        var rows = loader.NextRows(field);
        return new BoolColumn(field, rows, loader.NextBuffer(((long)rows.Length + 7) / 8, field));
    }

    public override ColumnBuilder NewBuilder(ArrowField field) => new BoolBuilder(field);
}

/// <summary>Plain values of one CLR type.</summary>
internal class PrimitiveLayout<T>(ArrowKind kind, byte code, string name, params Constant[] constants) : TypeLayout(kind, code, name, 2, constants)
    where T : unmanaged
{
    public override Type ClrType => typeof(T);

    public override int ByteWidth(ArrowType type) => Unsafe.SizeOf<T>();

    public override Column Load(ColumnLoader loader, ArrowField field)
    {
        var rows = loader.NextRows(field);
        return new PrimitiveColumn(field, rows, loader.NextBuffer((long)rows.Length * Unsafe.SizeOf<T>(), field));
    }

    public override ColumnBuilder NewBuilder(ArrowField field) => new PrimitiveBuilder<T>(field);
}

/// <summary>Times and durations: plain values that count in a unit.</summary>
internal class UnitLayout<T>(ArrowKind kind, byte code, string name, ArrowTimeUnit fallback, ArrowTimeUnit coarsest, ArrowTimeUnit finest, params Constant[] constants)
    : PrimitiveLayout<T>(kind, code, name, constants)
    where T : unmanaged
{
    public override bool TakesParameters => true;

    public override string Name(ArrowType type) => $"{base.Name(type)}[{UnitName(type)}]";

    protected static string UnitName(ArrowType type) => type.Unit switch
    {
        ArrowTimeUnit.Second => "s",
        ArrowTimeUnit.Millisecond => "ms",
        ArrowTimeUnit.Microsecond => "us",
        _ => "ns",
    };

    protected override ArrowType ReadType(TypeReader reader) => new(Kind) { Unit = ReadUnit(reader) };

    protected override void WriteParameters(FlatBufferWriter writer, ArrowType type, int reference) => writer.Int16(0, (short)type.Unit, (short)fallback);

    protected ArrowTimeUnit ReadUnit(TypeReader reader) => reader.Unit((int)fallback) is var unit && unit >= coarsest && unit <= finest
        ? unit
        : throw reader.Bad($"is a {Kind} in {unit}s, which does not exist");
}

internal sealed class TimestampLayout() : UnitLayout<long>(ArrowKind.Timestamp, 10, "timestamp", ArrowTimeUnit.Second, ArrowTimeUnit.Second, ArrowTimeUnit.Nanosecond)
{
    public override string Name(ArrowType type) => $"timestamp[{UnitName(type)}{(type.TimeZone is null ? "" : ", " + type.TimeZone)}]";

    protected override ArrowType ReadType(TypeReader reader) => new(Kind) { Unit = ReadUnit(reader), TimeZone = reader.Table.Text(1) };

    protected override int Prepare(FlatBufferWriter writer, ArrowType type) => type.TimeZone is null ? 0 : writer.String(type.TimeZone);

    protected override void WriteParameters(FlatBufferWriter writer, ArrowType type, int reference)
    {
        base.WriteParameters(writer, type, reference);
        writer.Reference(1, reference);
    }
}

internal sealed class DecimalLayout(ArrowKind kind, int maxPrecision, int bits, Type clrType) : TypeLayout(kind, 7, "decimal", 2, new Constant(2, 4, bits, Fallback: 128))
{
    public override bool TakesParameters => true;

    public override Type ClrType => clrType;

    public int MaxPrecision => maxPrecision;

    public override string Name(ArrowType type) => string.Create(CultureInfo.InvariantCulture, $"decimal{bits}({type.Precision}, {type.Scale})");

    public override int ByteWidth(ArrowType type) => bits / 8;

    public override Column Load(ColumnLoader loader, ArrowField field)
    {
        var rows = loader.NextRows(field);
        return new DecimalColumn(field, rows, loader.NextBuffer((long)rows.Length * bits / 8, field));
    }

    public override ColumnBuilder NewBuilder(ArrowField field) => new DecimalBuilder(field);

    protected override ArrowType ReadType(TypeReader reader) => reader.Table.Int32(0) is var precision && precision >= 1 && precision <= maxPrecision
        ? new ArrowType(Kind) { Precision = precision, Scale = reader.Table.Int32(1) }
        : throw reader.Bad($"is a decimal of {bits} bits with {precision} digits; 1 to {maxPrecision} are possible");

    protected override void WriteParameters(FlatBufferWriter writer, ArrowType type, int reference)
    {
        writer.Int32(0, type.Precision);
        writer.Int32(1, type.Scale);
    }
}

internal sealed class FixedSizeBinaryLayout() : TypeLayout(ArrowKind.FixedSizeBinary, 15, "fixed_size_binary", buffers: 2)
{
    public override bool TakesParameters => true;

    public override string Name(ArrowType type) => string.Create(CultureInfo.InvariantCulture, $"fixed_size_binary[{type.Size}]");

    public override int ByteWidth(ArrowType type) => type.Size;

    public override Column Load(ColumnLoader loader, ArrowField field)
    {
        var rows = loader.NextRows(field);
        return new FixedSizeBinaryColumn(field, rows, loader.NextBuffer((long)rows.Length * field.Type.Size, field));
    }

    public override ColumnBuilder NewBuilder(ArrowField field) => new FixedSizeBinaryBuilder(field);

    protected override ArrowType ReadType(TypeReader reader) => ArrowType.FixedSizeBinary(reader.Size(0));

    protected override void WriteParameters(FlatBufferWriter writer, ArrowType type, int reference) => writer.Int32(0, type.Size);
}
