namespace EventMl.Arrow.Format;

/// <summary>The first values of a dictionary and the deltas that follow, until another first one replaces them; read when first asked for.</summary>
internal sealed class DictionaryGeneration(ArrowField valueField, UnpackBudget budget)
{
    private readonly List<BatchHeader> _headers = [];
    private readonly Lock _lock = new();
    private DictionaryValues? _values;

    public void Add(BatchHeader header)
    {
        lock (_lock)
            _headers.Add(header);
    }

    /// <summary>All values so far; a batch that came before the last delta just does not point at the newest ones.</summary>
    public DictionaryValues Load(IReadOnlyDictionary<long, DictionaryGeneration> others)
    {
        lock (_lock)
        {
            if (_values?.Parts.Count == _headers.Count)
                return _values;
            List<Column> parts = [.. _values?.Parts ?? []];
            foreach (var header in _headers[parts.Count..])
                parts.Add(new ColumnLoader(header, others, budget).LoadColumn(new ArrowSchema([valueField]), 0));
            return _values = new DictionaryValues(parts);
        }
    }
}

/// <summary>How many bytes may still be unpacked, so that a small file cannot fill the memory.</summary>
internal sealed class UnpackBudget(long limit)
{
    private long _taken;

    public void Take(long bytes, string where)
    {
        if (Interlocked.Add(ref _taken, bytes) > limit)
            throw new ArrowFormatException($"{where} unpacks to more than {limit} bytes; set {nameof(ArrowReadOptions)}.{nameof(ArrowReadOptions.MaxUnpackedBytes)} higher if you trust it.");
    }
}
