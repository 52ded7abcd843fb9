using System.Buffers.Binary;
using System.Text;

namespace EventMl.Arrow.Format;

/// <summary>Writes FlatBuffers back to front, naturally aligned, as verifiers demand.</summary>
internal sealed class FlatBufferWriter
{
    private const int MaxSlots = 8;
    private readonly int[] _slots = new int[MaxSlots];
    private byte[] _bytes = new byte[1024];
    private int _head;
    private int _minAlign = 1;
    private int _slotCount;
    private int _tableStart;

    public FlatBufferWriter() => _head = _bytes.Length;

    private int Offset => _bytes.Length - _head;

    public int String(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        Prepare(4, length + 1);
        _bytes[--_head] = 0;
        _head -= length;
        Encoding.UTF8.GetBytes(value, _bytes.AsSpan(_head, length));
        PutInt32(length);
        return Offset;
    }

    public int OffsetVector(IReadOnlyList<int> offsets)
    {
        Prepare(4, 4 * offsets.Count);
        for (var i = offsets.Count - 1; i >= 0; i--)
            PutInt32(Offset + 4 - offsets[i]);
        PutInt32(offsets.Count);
        return Offset;
    }

    public int Int32Vector(IReadOnlyList<int> values)
    {
        Prepare(4, 4 * values.Count);
        for (var i = values.Count - 1; i >= 0; i--)
            PutInt32(values[i]);
        PutInt32(values.Count);
        return Offset;
    }

    /// <summary>A vector of structs made of 8-byte words: FieldNode and Buffer take two, Block three.</summary>
    public int StructVector(IReadOnlyList<long> words, int wordsPerStruct)
    {
        Prepare(4, 8 * words.Count);
        Prepare(8, 8 * words.Count);
        for (var i = words.Count - 1; i >= 0; i--)
            PutInt64(words[i]);
        PutInt32(words.Count / wordsPerStruct);
        return Offset;
    }

    public void StartTable(int slots)
    {
        _slotCount = slots;
        Array.Clear(_slots);
        _tableStart = Offset;
    }

    public void Int8(int slot, byte value, byte fallback = 0)
    {
        if (value == fallback)
            return;
        Prepare(1, 0);
        _bytes[--_head] = value;
        _slots[slot] = Offset;
    }

    public void Int16(int slot, short value, short fallback = 0)
    {
        if (value == fallback)
            return;
        Prepare(2, 0);
        PutInt16(value);
        _slots[slot] = Offset;
    }

    public void Int32(int slot, int value, int fallback = 0)
    {
        if (value == fallback)
            return;
        Prepare(4, 0);
        PutInt32(value);
        _slots[slot] = Offset;
    }

    public void Int64(int slot, long value)
    {
        if (value == 0)
            return;
        Prepare(8, 0);
        PutInt64(value);
        _slots[slot] = Offset;
    }

    public void Reference(int slot, int offset)
    {
        if (offset == 0)
            return;
        Prepare(4, 0);
        PutInt32(Offset + 4 - offset);
        _slots[slot] = Offset;
    }

    public int EndTable()
    {
        Prepare(4, 0);
        PutInt32(0);
        var table = Offset;
        var used = _slotCount;
        while (used > 0 && _slots[used - 1] == 0)
            used--;
        Prepare(2, (2 * used) + 2);
        for (var i = used - 1; i >= 0; i--)
            PutInt16((short)(_slots[i] == 0 ? 0 : table - _slots[i]));
        PutInt16((short)(table - _tableStart));
        PutInt16((short)(4 + (2 * used)));
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(_bytes.Length - table), Offset - table);
        return table;
    }

    public ReadOnlyMemory<byte> Finish(int root)
    {
        Prepare(_minAlign, 4);
        PutInt32(Offset + 4 - root);
        return _bytes.AsMemory(_head);
    }

    private void Prepare(int size, int extra)
    {
        _minAlign = Math.Max(_minAlign, size);
        var padding = -(Offset + extra) & (size - 1);
        while (_head < padding + size + extra)
        {
            var grown = new byte[checked(_bytes.Length * 2)];
            _bytes.CopyTo(grown, _bytes.Length);
            _head += _bytes.Length;
            _bytes = grown;
        }

        _bytes.AsSpan(_head - padding, padding).Clear();
        _head -= padding;
    }

    private void PutInt16(short value)
    {
        _head -= 2;
        BinaryPrimitives.WriteInt16LittleEndian(_bytes.AsSpan(_head), value);
    }

    private void PutInt32(int value)
    {
        _head -= 4;
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(_head), value);
    }

    private void PutInt64(long value)
    {
        _head -= 8;
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.AsSpan(_head), value);
    }
}
