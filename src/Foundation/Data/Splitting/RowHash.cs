using System.Buffers.Binary;
using EventMl.Arrow;

namespace EventMl.Data.Splitting;

/// <summary>
/// Hashes of values that stay the same for ever, on every machine, and whatever width a number is kept in: FNV-1a over 8-byte words,
/// finished by SplitMix64. Versions are told apart by them, so that no line of this may change.
/// </summary>
internal static class RowHash
{
    private const ulong Prime = 0x100000001B3;
    private const ulong NullWord = 0x9E3779B97F4A7C15;

    public static ulong Start(long seed) => Mix(0xCBF29CE484222325, (ulong)seed);

    public static ulong Finish(ulong hash)
    {
        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EB;
        return hash ^ (hash >> 31);
    }

    /// <summary>Adds the values of a column to the hashes of its rows.</summary>
    /// <exception cref="SourceException">Values of that type cannot be hashed.</exception>
    public static void Add(Column column, Span<ulong> hashes)
    {
        for (var row = 0; row < hashes.Length; row++)
        {
            hashes[row] = Add(column, row, hashes[row]);
        }
    }

    private static ulong Add(Column column, int row, ulong hash)
    {
        if (column.IsNull(row))
        {
            return Mix(hash, NullWord);
        }

        return column switch
        {
            DictionaryColumn words => Add(words.Dictionary, words.GetIndex(row), hash),
            BytesColumn bytes => Add(bytes.GetSpan(row), hash),
            BoolColumn bits => Mix(hash, bits.GetValue(row) ? 1UL : 0),
            DecimalColumn number => Add(number.GetUnscaled(row).ToByteArray(), hash),
            StructColumn parts => parts.Children.Aggregate(hash, (sum, child) => Add(child, row, sum)),
            ListColumn list => AddItems(list.Items, list.GetRange(row), hash),
            FixedSizeListColumn list => AddItems(list.Items, (row * list.ListSize)..((row + 1) * list.ListSize), hash),
            NullColumn => Mix(hash, NullWord),
            PrimitiveColumn => Mix(hash, Word(column, row)),
            _ => throw new SourceException($"Column '{column.Field.Name}' is {column.Field.Type}, which no split can go by; name other 'keys'."),
        };
    }

    private static ulong AddItems(Column items, Range range, ulong hash)
    {
        var (start, end) = (range.Start.Value, range.End.Value);
        hash = Mix(hash, (ulong)(end - start));
        for (var i = start; i < end; i++)
        {
            hash = Add(items, i, hash);
        }

        return hash;
    }

    private static ulong Word(Column column, int row) => column.Field.Type.Kind switch
    {
        ArrowKind.Int8 => (ulong)column.Values<sbyte>()[row],
        ArrowKind.UInt8 => column.Values<byte>()[row],
        ArrowKind.Int16 => (ulong)column.Values<short>()[row],
        ArrowKind.UInt16 => column.Values<ushort>()[row],
        ArrowKind.Int32 or ArrowKind.Date32 or ArrowKind.Time32 => (ulong)column.Values<int>()[row],
        ArrowKind.UInt32 => column.Values<uint>()[row],
        ArrowKind.Int64 or ArrowKind.Timestamp or ArrowKind.Time64 or ArrowKind.Duration or ArrowKind.Date64 => (ulong)column.Values<long>()[row],
        ArrowKind.UInt64 => column.Values<ulong>()[row],
        ArrowKind.Float16 => Real((double)column.Values<Half>()[row]),
        ArrowKind.Float32 => Real(column.Values<float>()[row]),
        ArrowKind.Float64 => Real(column.Values<double>()[row]),
        _ => throw new SourceException($"Column '{column.Field.Name}' is {column.Field.Type}, which no split can go by; name other 'keys'."),
    };

    // One zero, one NaN.
    private static ulong Real(double value) => double.IsNaN(value) ? 0x7FF8000000000000 : BitConverter.DoubleToUInt64Bits(value == 0 ? 0 : value);

    private static ulong Add(ReadOnlySpan<byte> bytes, ulong hash)
    {
        hash = Mix(hash, (ulong)bytes.Length);
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        var last = 0UL;
        for (var i = 0; i < bytes.Length; i++)
        {
            last |= (ulong)bytes[i] << (8 * i);
        }

        return bytes.IsEmpty ? hash : Mix(hash, last);
    }

    // A plain FNV step would not carry the upper bits of a word downwards.
    private static ulong Mix(ulong hash, ulong word)
    {
        hash = (hash ^ word) * Prime;
        return hash ^ (hash >> 32);
    }
}
