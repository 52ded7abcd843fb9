using EventMl.Arrow;

namespace EventMl.Lake.Data;

/// <summary>Puts rows of many batches together into batches of an even size that can stand in one file.</summary>
internal sealed class RowGatherer
{
    public const int BatchRows = 65536;

    private readonly ArrowSchema _schema;
    private readonly bool _hasDictionaries;
    private readonly int _target;
    private RowCopier[]? _columns;
    private int _rows;

    public RowGatherer(ArrowSchema schema)
    {
        _schema = schema;
        // A file has one dictionary for all its batches, so rows of several must be copied into it.
        _hasDictionaries = schema.Fields.Any(f => Has(f.Type, t => t.Kind == ArrowKind.Dictionary));
        // The ends of runs may be counted in 16 bits.
        _target = schema.Fields.Any(f => Has(f.Type, t => t.Kind == ArrowKind.RunEndEncoded && t.Children[0].Type.Kind == ArrowKind.Int16)) ? BatchRows / 4 : BatchRows;
    }

    /// <summary>The batches that are full now.</summary>
    /// <exception cref="LakeException">The rows do not fit one file, for instance because a dictionary would need wider indices.</exception>
    public IEnumerable<RecordBatch> Add(RecordBatch rows)
    {
        if (rows.Length == 0)
            yield break;
        var isLarge = rows.Length >= _target / 2;
        if (isLarge && Rest() is { } rest)
            yield return rest;
        if (isLarge && !_hasDictionaries)
        {
            // Its bytes are written without copying.
            yield return rows;
            yield break;
        }

        _columns ??= [.. _schema.Fields.Select(f => new RowCopier(f))];
        for (var i = 0; i < _columns.Length; i++)
            _columns[i].Append(rows.Column(i), 0, rows.Length);
        _rows += rows.Length;
        if (isLarge || _rows >= _target)
            yield return Rest()!;
    }

    /// <summary>What is left; null when that is nothing.</summary>
    public RecordBatch? Rest()
    {
        if (_rows == 0)
            return null;
        _rows = 0;
        return new RecordBatch(_schema, [.. _columns!.Select(c => c.Build())]);
    }

    private static bool Has(ArrowType type, Func<ArrowType, bool> predicate) => predicate(type) || type.Children.Any(c => Has(c.Type, predicate));
}
