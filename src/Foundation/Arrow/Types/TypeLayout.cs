using EventMl.Arrow.Format;

namespace EventMl.Arrow.Types;

/// <summary>A parameter that a type always has: a scalar of some bytes in a slot of its FlatBuffer table.</summary>
internal sealed record Constant(int Slot, int Bytes, int Value, int Fallback = 0);

/// <summary>All that is particular to one kind of type: its name, its FlatBuffer table, its buffers, and who reads and builds its columns.</summary>
internal abstract class TypeLayout(ArrowKind kind, byte code, string name, int buffers, params Constant[] constants)
{
    private static readonly TypeLayout[] s_byKind = Index(LayoutTable.All);
    private static readonly ILookup<byte, TypeLayout> s_byCode = LayoutTable.All.Where(l => l.Code != 0).ToLookup(l => l.Code);

    public ArrowKind Kind => kind;

    /// <summary>The member of the FlatBuffer union Type; 0 for a dictionary, which is encoded around its value type.</summary>
    public byte Code => code;

    /// <summary>The buffers of a column itself, with the validity, without those of children and without variadic ones.</summary>
    public int Buffers => buffers;

    public virtual bool HasVariadicBuffers => false;

    public virtual bool TakesParameters => false;

    public virtual Type? ClrType => null;

    public static TypeLayout Of(ArrowKind kind) => s_byKind[(int)kind];

    /// <summary>The type that a field's FlatBuffer table describes.</summary>
    /// <exception cref="ArrowFormatException">There is no such type, or its parameters are impossible.</exception>
    public static ArrowType Read(string field, byte code, FlatBufferTable table, ArrowField[] children)
    {
        foreach (var layout in s_byCode[code])
        {
            if (layout.Fits(table))
                return layout.ReadType(new TypeReader(field, table, children));
        }

        throw new ArrowFormatException(s_byCode[code].FirstOrDefault() is { } known
            ? $"Field '{field}' has parameters that no Arrow type like {known.Kind} has."
            : $"Field '{field}' has the Arrow type number {code}, which is not known.");
    }

    public virtual string Name(ArrowType type) => name;

    public virtual int ByteWidth(ArrowType type) => 0;

    /// <summary>Writes the type's FlatBuffer table; <see cref="Prepare"/> has made what it refers to.</summary>
    public int Write(FlatBufferWriter writer, ArrowType type)
    {
        var reference = Prepare(writer, type);
        writer.StartTable(3);
        foreach (var (slot, bytes, value, fallback) in constants)
        {
            switch (bytes)
            {
                case 1: writer.Int8(slot, (byte)value, (byte)fallback); break;
                case 2: writer.Int16(slot, (short)value, (short)fallback); break;
                default: writer.Int32(slot, value, fallback); break;
            }
        }

        WriteParameters(writer, type, reference);
        return writer.EndTable();
    }

    public abstract Column Load(ColumnLoader loader, ArrowField field);

    public abstract ColumnBuilder NewBuilder(ArrowField field);

    protected virtual ArrowType ReadType(TypeReader reader) => new(kind);

    /// <summary>Writes a string or vector that the type's table will refer to.</summary>
    protected virtual int Prepare(FlatBufferWriter writer, ArrowType type) => 0;

    protected virtual void WriteParameters(FlatBufferWriter writer, ArrowType type, int reference)
    {
    }

    private bool Fits(FlatBufferTable table)
    {
        foreach (var (slot, bytes, value, fallback) in constants)
        {
            var found = bytes switch
            {
                1 => table.Int8(slot, (byte)fallback),
                2 => table.Int16(slot, (short)fallback),
                _ => table.Int32(slot, fallback),
            };
            if (found != value)
                return false;
        }

        return true;
    }

    private static TypeLayout[] Index(IEnumerable<TypeLayout> layouts)
    {
        var byKind = new TypeLayout[Enum.GetValues<ArrowKind>().Length];
        foreach (var layout in layouts)
            byKind[(int)layout.Kind] = layout;
        return byKind;
    }
}

/// <summary>The parameters of a type as a file gives them.</summary>
internal readonly ref struct TypeReader(string field, FlatBufferTable table, ArrowField[] children)
{
    public FlatBufferTable Table => table;

    public ArrowField[] Children => children;

    public ArrowField[] ChildrenOf(int count) => children.Length == count
        ? children
        : throw Bad($"has {children.Length} child fields; {count} are expected");

    public int Size(int slot) => table.Int32(slot) is var size && size >= 0 ? size : throw Bad($"has a negative size ({size})");

    public ArrowTimeUnit Unit(int fallback) => table.Int16(0, (short)fallback) is var unit && Enum.IsDefined((ArrowTimeUnit)unit)
        ? (ArrowTimeUnit)unit
        : throw Bad($"has an unknown time unit ({unit})");

    public ArrowFormatException Bad(string what) => new($"Field '{field}' {what}.");
}
