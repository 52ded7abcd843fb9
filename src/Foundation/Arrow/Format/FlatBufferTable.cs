using System.Buffers.Binary;
using System.Text;

namespace EventMl.Arrow.Format;

/// <summary>The bytes of one FlatBuffer and what may still be read out of it: shared references must not multiply work.</summary>
internal sealed class FlatBuffer(byte[] bytes, string what)
{
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);
    private long _budget = (16L * bytes.Length) + 4096;

    public int Length => bytes.Length;

    public FlatBufferTable Root() => TableAt(0);

    public ReadOnlySpan<byte> Read(long position, long count)
    {
        if (position < 0 || count < 0 || position + count > bytes.Length)
            throw new ArrowFormatException($"{what}: a reference points to byte {position} (+{count}) of a FlatBuffer of {bytes.Length} bytes.");
        return bytes.AsSpan((int)position, (int)count);
    }

    public short Int16(long position) => BinaryPrimitives.ReadInt16LittleEndian(Read(position, 2));

    public int Int32(long position) => BinaryPrimitives.ReadInt32LittleEndian(Read(position, 4));

    public long Int64(long position) => BinaryPrimitives.ReadInt64LittleEndian(Read(position, 8));

    /// <summary>Follows the unsigned offset stored at <paramref name="position"/>.</summary>
    public long Follow(long position) => position + (uint)Int32(position);

    public FlatBufferTable TableAt(long reference)
    {
        Spend(8);
        var table = Follow(reference);
        var vtable = table - Int32(table);
        var size = (ushort)Int16(vtable);
        if (size < 4 || (size & 1) != 0)
            throw new ArrowFormatException($"{what}: a FlatBuffer table has a vtable of {size} bytes.");
        _ = Read(vtable, size);
        return new FlatBufferTable(this, table, vtable, size);
    }

    private void Spend(long cost)
    {
        _budget -= cost;
        if (_budget < 0)
            throw new ArrowFormatException($"{what}: it refers to the same parts so often that it would unfold to far more than its {bytes.Length} bytes.");
    }

    public string Text(long reference)
    {
        var start = Follow(reference);
        var length = Int32(start);
        Spend(length + 16L);
        try
        {
            return s_strict.GetString(Read(start + 4, length));
        }
        catch (DecoderFallbackException e)
        {
            throw new ArrowFormatException($"{what}: a string is not valid UTF-8.", e);
        }
    }
}

/// <summary>One table of a FlatBuffer; every read is checked against the buffer's bounds.</summary>
internal readonly struct FlatBufferTable(FlatBuffer buffer, long position, long vtable, int vtableSize)
{
    public bool Has(int slot) => At(slot) != 0;

    public byte Int8(int slot, byte fallback = 0) => At(slot) is var p and not 0 ? buffer.Read(p, 1)[0] : fallback;

    public short Int16(int slot, short fallback = 0) => At(slot) is var p and not 0 ? buffer.Int16(p) : fallback;

    public int Int32(int slot, int fallback = 0) => At(slot) is var p and not 0 ? buffer.Int32(p) : fallback;

    public long Int64(int slot, long fallback = 0) => At(slot) is var p and not 0 ? buffer.Int64(p) : fallback;

    public FlatBufferTable? Table(int slot) => At(slot) is var p and not 0 ? buffer.TableAt(p) : null;

    public string? Text(int slot) => At(slot) is var p and not 0 ? buffer.Text(p) : null;

    /// <summary>The number of items of a vector, each of <paramref name="itemSize"/> bytes, all of them inside the buffer.</summary>
    public int Count(int slot, int itemSize)
    {
        var p = At(slot);
        if (p == 0)
            return 0;
        var vector = buffer.Follow(p);
        var count = buffer.Int32(vector);
        _ = buffer.Read(vector + 4, (long)count * itemSize);
        return count;
    }

    public FlatBufferTable Item(int slot, int index) => buffer.TableAt(buffer.Follow(At(slot)) + 4 + (4L * index));

    /// <summary>The 4-byte number at <paramref name="index"/> of a vector.</summary>
    public int Int32Item(int slot, int index) => buffer.Int32(buffer.Follow(At(slot)) + 4 + (4L * index));

    /// <summary>The 8-byte word at <paramref name="index"/> of a vector of structs.</summary>
    public long Word(int slot, int index) => buffer.Int64(buffer.Follow(At(slot)) + 4 + (8L * index));

    private long At(int slot)
    {
        var entry = 4 + (2 * slot);
        if (entry + 2 > vtableSize)
            return 0;
        var offset = (ushort)buffer.Int16(vtable + entry);
        return offset == 0 ? 0 : position + offset;
    }
}
