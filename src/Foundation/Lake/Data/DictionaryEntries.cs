using EventMl.Arrow;

namespace EventMl.Lake.Data;

/// <summary>Copies rows of several dictionaries into one that has each value once, or once per dictionary where values have no bytes of their own.</summary>
internal sealed class DictionaryEntries(DictionaryBuilder target, RowCopier values)
{
    private Column? _dictionary;
    private int[] _entries = [];

    public void Append(DictionaryColumn source, int row)
    {
        if (source.IsNull(row))
            target.AppendNull();
        else if (source.Dictionary is BytesColumn bytes)
            target.Append(bytes.GetSpan(source.GetIndex(row)));
        else if (values.Plain is { } plain)
            target.Append(plain.BytesOf(source.Dictionary, source.GetIndex(row)));
        else
            target.AppendIndex(EntryOf(source.Dictionary, source.GetIndex(row)));
    }

    private int EntryOf(Column dictionary, int index)
    {
        if (!ReferenceEquals(_dictionary, dictionary))
        {
            _dictionary = dictionary;
            _entries = new int[dictionary.Length];
            Array.Fill(_entries, -1);
        }

        if (_entries[index] < 0)
        {
            values.AppendRows(dictionary, index, 1);
            _entries[index] = target.DictionaryLength - 1;
        }

        return _entries[index];
    }
}
