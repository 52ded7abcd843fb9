using EventMl.Arrow;

namespace EventMl.Foundation.Tests.Arrow.Hostile;

/// <summary>Calls every accessor of the first and last rows of a column and all below it, but no more than a number of them: hostile lists can share items endlessly.</summary>
internal sealed class ColumnVisitor(int steps)
{
    private const int Edge = 40;
    private int _left = steps;

    public void Visit(Column column)
    {
        for (var row = 0; row < Math.Min(Edge, column.Length); row++)
            Visit(column, row);
        for (var row = Math.Max(Edge, column.Length - Edge); row < column.Length; row++)
            Visit(column, row);
        _ = column.Validity.Length;
    }

    private void Visit(Column column, int row)
    {
        if (--_left < 0 || column.IsNull(row))
            return;
        switch (column)
        {
            case BoolColumn bits: _ = bits.GetValue(row); break;
            case Utf8Column text: _ = text.GetSpan(row).Length; _ = text.GetString(row); break;
            case BytesColumn bytes: _ = Sum(bytes.GetSpan(row)); break;
            case FixedSizeListColumn list: VisitRange(list.Items, row * list.ListSize, (row + 1) * list.ListSize); break;
            case ListColumn list: VisitRange(list.Items, list.GetRange(row).Start.Value, list.GetRange(row).End.Value); break;
            case StructColumn rows:
                foreach (var child in rows.Children)
                    Visit(child, row);
                break;
            case UnionColumn union: Visit(union.Children[union.GetPlace(row).Child], union.GetPlace(row).Row); break;
            case RunEndColumn runs: Visit(runs.RunValues, runs.GetRun(row)); break;
            case DictionaryColumn dictionary: Visit(dictionary.Dictionary, dictionary.GetIndex(row)); break;
            case DecimalColumn number: _ = number.GetUnscaled(row); break;
            default: _ = Canonical.Value(column, row); break;
        }
    }

    private void VisitRange(Column items, int start, int end)
    {
        for (var i = start; i < Math.Min(end, start + Edge); i++)
            Visit(items, i);
        if (end > start)
            Visit(items, end - 1);
    }

    private static int Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0;
        foreach (var b in bytes)
            sum += b;
        return sum;
    }
}
