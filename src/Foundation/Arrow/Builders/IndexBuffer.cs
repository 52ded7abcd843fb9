namespace EventMl.Arrow;

/// <summary>Growing integers of a kind that is known only at run time.</summary>
internal sealed class IndexBuffer(ArrowKind kind, string column)
{
    private readonly ByteBuffer _bytes = new();

    /// <exception cref="InvalidOperationException">The value does not fit the kind.</exception>
    public void Append(long value)
    {
        switch (kind)
        {
            case ArrowKind.Int8 when value <= sbyte.MaxValue: _bytes.Append((sbyte)value); break;
            case ArrowKind.UInt8 when value <= byte.MaxValue: _bytes.Append((byte)value); break;
            case ArrowKind.Int16 when value <= short.MaxValue: _bytes.Append((short)value); break;
            case ArrowKind.UInt16 when value <= ushort.MaxValue: _bytes.Append((ushort)value); break;
            case ArrowKind.Int32 when value <= int.MaxValue: _bytes.Append((int)value); break;
            case ArrowKind.UInt32 when value <= uint.MaxValue: _bytes.Append((uint)value); break;
            case ArrowKind.Int64 or ArrowKind.UInt64: _bytes.Append(value); break;
            default: throw new InvalidOperationException($"Column '{column}' reaches {value}, which does not fit {kind}; choose a larger integer for its type.");
        }
    }

    public ReadOnlyMemory<byte> Take() => _bytes.Take();
}

/// <summary>Numbers different byte strings in the order they come.</summary>
internal sealed class ValueIndex
{
    private readonly ByteBuffer _bytes = new();
    private readonly List<(int Start, int Length, int Hash)> _entries = [];
    private int[] _slots = new int[64];

    public int Count => _entries.Count;

    /// <summary>The number of a byte string, a new one where it was not seen.</summary>
    public int Add(ReadOnlySpan<byte> value, out bool isNew)
    {
        var hasher = default(HashCode);
        hasher.AddBytes(value);
        var hash = hasher.ToHashCode();
        var mask = _slots.Length - 1;
        var slot = hash & mask;
        for (; _slots[slot] != 0; slot = (slot + 1) & mask)
        {
            var (start, length, known) = _entries[_slots[slot] - 1];
            if (known == hash && _bytes.Written().Slice(start, length).SequenceEqual(value))
            {
                isNew = false;
                return _slots[slot] - 1;
            }
        }

        isNew = true;
        _entries.Add((_bytes.Length, value.Length, hash));
        value.CopyTo(_bytes.Extend(value.Length));
        _slots[slot] = _entries.Count;
        if (_entries.Count * 2 > _slots.Length)
            Rehash();
        return _entries.Count - 1;
    }

    private void Rehash()
    {
        _slots = new int[_slots.Length * 2];
        var mask = _slots.Length - 1;
        for (var i = 0; i < _entries.Count; i++)
        {
            var slot = _entries[i].Hash & mask;
            while (_slots[slot] != 0)
                slot = (slot + 1) & mask;
            _slots[slot] = i + 1;
        }
    }
}
