using System.Runtime.InteropServices;

namespace EventMl.Arrow;

/// <summary>Rows with a value of one of several children (sparse or dense union).</summary>
public sealed class UnionColumn : Column
{
    private readonly ReadOnlyMemory<byte> _types;
    private readonly ReadOnlyMemory<byte> _offsets;
    private readonly int[] _positions;

    internal UnionColumn(ArrowField field, int length, ReadOnlyMemory<byte> types, ReadOnlyMemory<byte> offsets, IReadOnlyList<Column> children, int[] positions)
        : base(field, new Rows(length, 0, default)) =>
        (_types, _offsets, Children, _positions) = (types, offsets, children, positions);

    /// <summary>One column for each field of the union.</summary>
    public IReadOnlyList<Column> Children { get; }

    internal override IReadOnlyList<Column> Parts => Children;

    private bool IsDense => Field.Type.Kind == ArrowKind.DenseUnion;

    /// <summary>Which of <see cref="Children"/> holds a row's value, and in which of its rows.</summary>
    public (int Child, int Row) GetPlace(int index)
    {
        CheckRow(index);
        return (_positions[_types.Span[index]], IsDense ? MemoryMarshal.Cast<byte, int>(_offsets.Span)[index] : index);
    }

    /// <inheritdoc />
    public override bool IsNull(int index)
    {
        var (child, row) = GetPlace(index);
        return Children[child].IsNull(row);
    }

    internal override void Flatten(BodyLayout body)
    {
        body.Node(this);
        body.Buffer(_types);
        if (IsDense)
            body.Buffer(_offsets);
    }

    private protected override Column JoinAll(IReadOnlyList<Column> parts)
    {
        var offsets = new ByteBuffer();
        var before = new int[Children.Count];
        foreach (var part in parts.Cast<UnionColumn>())
        {
            for (var row = 0; IsDense && row < part.Length; row++)
            {
                var (child, at) = part.GetPlace(row);
                offsets.Append(at + before[child]);
            }

            for (var child = 0; child < before.Length; child++)
                before[child] = checked(before[child] + part.Children[child].Length);
        }

        var types = ArrowMath.Join([.. parts.Select(p => ((UnionColumn)p)._types)]);
        return new UnionColumn(Field, types.Length, types, offsets.Take(), JoinParts(parts), _positions);
    }
}

/// <summary>Runs of equal values.</summary>
public sealed class RunEndColumn : Column
{
    internal RunEndColumn(ArrowField field, int length, PrimitiveColumn runEnds, Column runValues)
        : base(field, new Rows(length, 0, default)) => (RunEnds, RunValues) = (runEnds, runValues);

    /// <summary>Where each run ends (exclusive): Int16, Int32 or Int64.</summary>
    public PrimitiveColumn RunEnds { get; }

    /// <summary>The value of each run.</summary>
    public Column RunValues { get; }

    internal override IReadOnlyList<Column> Parts => [RunEnds, RunValues];

    /// <summary>The run that a row belongs to: its value is that row of <see cref="RunValues"/>.</summary>
    public int GetRun(int index)
    {
        CheckRow(index);
        var (low, high) = (0, RunEnds.Length - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (RunEnds.GetInteger(middle) > index)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    /// <inheritdoc />
    public override bool IsNull(int index) => RunValues.IsNull(GetRun(index));

    internal override void Flatten(BodyLayout body) => body.Node(this);

    private protected override Column JoinAll(IReadOnlyList<Column> parts)
    {
        var ends = new ByteBuffer();
        var values = new List<Column>();
        var before = 0L;
        foreach (var part in parts.Cast<RunEndColumn>())
        {
            var runs = part.Length == 0 ? 0 : part.GetRun(part.Length - 1) + 1;
            for (var i = 0; i < runs; i++)
                AppendEnd(ends, before + Math.Min(part.RunEnds.GetInteger(i), part.Length));
            if (runs != part.RunValues.Length)
                throw new ArrowFormatException("A dictionary of runs that go beyond its rows cannot be continued; write whole dictionaries.");
            values.Add(part.RunValues);
            before += part.Length;
        }

        var joined = new PrimitiveColumn(RunEnds.Field, new Rows(ends.Length / RunEnds.Field.Type.ByteWidth, 0, default), ends.Take());
        return new RunEndColumn(Field, ArrowMath.Sum(parts, p => p.Length), joined, Join(values));
    }

    private void AppendEnd(ByteBuffer ends, long end)
    {
        switch (RunEnds.Field.Type.Kind)
        {
            case ArrowKind.Int16 when end <= short.MaxValue: ends.Append((short)end); break;
            case ArrowKind.Int32 when end <= int.MaxValue: ends.Append((int)end); break;
            case ArrowKind.Int64: ends.Append(end); break;
            default: throw new ArrowFormatException($"The run end {end} of column '{Field.Name}' does not fit {RunEnds.Field.Type}.");
        }
    }
}
