using System.Numerics;

namespace EventMl.Arrow;

/// <summary>The values of a dictionary in the parts they came in: the first one and its deltas.</summary>
internal sealed class DictionaryValues(IReadOnlyList<Column> parts)
{
    private Column? _all;

    public IReadOnlyList<Column> Parts => parts;

    public Column All => _all ??= Column.Join(parts);

    /// <summary>Whether the other one is this one, perhaps continued.</summary>
    public bool IsStartOf(DictionaryValues other) => Parts.Count <= other.Parts.Count && Parts.Zip(other.Parts).All(pair => ReferenceEquals(pair.First, pair.Second));
}

/// <summary>Rows that point into a column of shared values.</summary>
public sealed class DictionaryColumn : Column
{
    internal DictionaryColumn(ArrowField field, PrimitiveColumn indices, DictionaryValues values)
        : base(field, new Rows(indices.Length, indices.NullCount, indices.ValidityBuffer)) =>
        (Indices, SharedValues) = (indices, values);

    /// <summary>Which row of <see cref="Dictionary"/> each row means: a column of integers.</summary>
    public PrimitiveColumn Indices { get; }

    /// <summary>The shared values.</summary>
    public Column Dictionary => SharedValues.All;

    internal DictionaryValues SharedValues { get; }

    /// <inheritdoc />
    public override bool IsNull(int index) => base.IsNull(index) || Dictionary.IsNull(GetIndex(index));

    /// <summary>Which row of <see cref="Dictionary"/> a row means; arbitrary where the row is null.</summary>
    public int GetIndex(int index)
    {
        CheckRow(index);
        return (int)Indices.GetInteger(index);
    }

    /// <summary>The text of a row of a dictionary of strings, or null.</summary>
    /// <exception cref="InvalidOperationException">The dictionary holds no text.</exception>
    public string? GetString(int index)
    {
        if (Dictionary is not Utf8Column text)
            throw new InvalidOperationException($"Column '{Field.Name}' is {Field.Type}; its values are not text.");
        return IsNull(index) ? null : text.GetString(GetIndex(index));
    }

    /// <summary>The first row that means an entry which does not exist, or -1.</summary>
    internal int FindOutside(int entries) => Field.Type.Children[0].Type.Kind switch
    {
        ArrowKind.Int8 => FindOutside<sbyte>(entries),
        ArrowKind.UInt8 => FindOutside<byte>(entries),
        ArrowKind.Int16 => FindOutside<short>(entries),
        ArrowKind.UInt16 => FindOutside<ushort>(entries),
        ArrowKind.Int32 => FindOutside<int>(entries),
        ArrowKind.UInt32 => FindOutside<uint>(entries),
        ArrowKind.Int64 => FindOutside<long>(entries),
        _ => FindOutside<ulong>(entries),
    };

    internal override void Flatten(BodyLayout body)
    {
        base.Flatten(body);
        body.Buffer((body.MergedIndices?.GetValueOrDefault(this) ?? Indices).Memory);
    }

    private protected override Column JoinAll(IReadOnlyList<Column> parts)
    {
        var dictionaries = parts.Cast<DictionaryColumn>().ToList();
        // The longest one holds the others where one dictionary grew.
        var longest = dictionaries.MaxBy(d => d.SharedValues.Parts.Count)!.SharedValues;
        if (dictionaries.Exists(d => !d.SharedValues.IsStartOf(longest)))
            throw new ArrowFormatException($"The parts of column '{Field.Name}' have different dictionaries; they cannot be joined.");
        return new DictionaryColumn(Field, (PrimitiveColumn)Join([.. dictionaries.Select(d => d.Indices)]), longest);
    }

    private int FindOutside<T>(int entries)
        where T : unmanaged, IBinaryInteger<T>
    {
        var indices = Indices.Values<T>();
        for (var row = 0; row < indices.Length; row++)
        {
            if ((indices[row] < T.Zero || ulong.CreateSaturating(indices[row]) >= (ulong)entries) && !Indices.IsNull(row))
                return row;
        }

        return -1;
    }
}
