namespace EventMl.Foundation.Tests.Lake;

/// <summary>What a dataset would be if it were a list of tables in memory; every column of a row holds the row's one number.</summary>
internal sealed class LakeModel
{
    private readonly List<(string[] Columns, SortedDictionary<long, (long Value, HashSet<string> Has)> Rows)> _versions = [];
    private long _nextId;

    public long Latest => _versions.Count;

    public IEnumerable<string> Columns(long version) => _versions[(int)version - 1].Columns;

    public List<long> LiveIds() => _versions.Count == 0 ? [] : [.. _versions[^1].Rows.Keys];

    public IEnumerable<(long Id, string Values)> Rows(long version)
    {
        var (columns, rows) = _versions[(int)version - 1];
        return rows.Select(r => (r.Key, string.Join(' ', columns.Select(c => r.Value.Has.Contains(c) ? $"{r.Value.Value}" : "-"))));
    }

    public void Store(string[] columns, IEnumerable<long> values, bool overwrite)
    {
        var rows = overwrite ? [] : Copy();
        foreach (var value in values)
            rows[_nextId++] = (value, [.. columns]);
        _versions.Add((columns, rows));
    }

    public void Delete(IEnumerable<long> ids)
    {
        var rows = Copy();
        foreach (var id in ids)
            rows.Remove(id);
        _versions.Add((_versions[^1].Columns, rows));
    }

    public void Add(string name)
    {
        var rows = Copy();
        foreach (var (id, row) in rows.ToList())
            rows[id] = (row.Value, [.. row.Has, name]);
        _versions.Add(([.. _versions[^1].Columns, name], rows));
    }

    public void Drop(string name) => _versions.Add(([.. _versions[^1].Columns.Where(c => c != name)], Copy()));

    public void Restore(long version) => _versions.Add(_versions[(int)version - 1]);

    private SortedDictionary<long, (long Value, HashSet<string> Has)> Copy() => new(_versions[^1].Rows);
}
