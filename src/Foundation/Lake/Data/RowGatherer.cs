using EventMl.Arrow;

namespace EventMl.Lake.Data;

/// <summary>Puts rows of many batches together into batches of an even size.</summary>
internal sealed class RowGatherer(ArrowSchema schema, int target = RowGatherer.BatchRows)
{
    public const int BatchRows = 65536;

    private ColumnBuilder[]? _builders;
    private int _rows;

    /// <summary>The batches that are full now.</summary>
    public IEnumerable<RecordBatch> Add(RecordBatch rows)
    {
        if (rows.Length >= target / 2 || rows.Length == 0)
        {
            // Large enough as it is: its bytes are written without copying.
            if (Rest() is { } rest)
                yield return rest;
            if (rows.Length > 0)
                yield return rows;
            yield break;
        }

        _builders ??= [.. schema.Fields.Select(RowCopier.BuilderFor)];
        for (var i = 0; i < _builders.Length; i++)
            RowCopier.Append(_builders[i], rows.Column(i), 0, rows.Length);
        _rows += rows.Length;
        if (_rows >= target)
            yield return Rest()!;
    }

    /// <summary>What is left; null when that is nothing.</summary>
    public RecordBatch? Rest()
    {
        if (_rows == 0)
            return null;
        _rows = 0;
        return new RecordBatch(schema, [.. _builders!.Select(b => b.Build())]);
    }
}
