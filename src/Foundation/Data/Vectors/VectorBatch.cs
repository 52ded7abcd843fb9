using System.Numerics;
using EventMl.Arrow;

namespace EventMl.Data.Vectors;

/// <summary>
/// The vectors of one batch: a fixed-size list of float32 (used where it lies, without copying), float64 or float16 (read as float32).
/// A row is passed over where it is null, has a null component or has no finite distance, as with NaN, infinities and products beyond float32.
/// </summary>
public sealed class VectorBatch
{
    /// <summary>The most components a vector may have.</summary>
    public const int MaxDimensions = 65_536;

    private readonly FixedSizeListColumn _column;
    private readonly Func<int, long> _rowId;

    /// <summary>Vectors whose rows are numbered from <paramref name="firstRowId"/> on.</summary>
    /// <exception cref="ArgumentException">The column does not hold vectors.</exception>
    public VectorBatch(Column column, long firstRowId)
        : this(VectorsOf(column), row => firstRowId + row)
    {
    }

    /// <summary>Vectors with the id of each row.</summary>
    /// <exception cref="ArgumentException">The column does not hold vectors, or there are more or fewer ids than rows.</exception>
    public VectorBatch(Column column, IReadOnlyList<long> rowIds)
        : this(VectorsOf(column), row => rowIds[row])
    {
        if (rowIds.Count != column.Length)
            throw new ArgumentException($"Column '{column.Field.Name}' has {column.Length} rows; {rowIds.Count} row ids were given.", nameof(rowIds));
    }

    private VectorBatch(FixedSizeListColumn column, Func<int, long> rowId) => (_column, _rowId) = (column, rowId);

    /// <summary>Rows.</summary>
    public int Length => _column.Length;

    /// <summary>Components of each vector.</summary>
    public int Dimensions => _column.ListSize;

    internal int Stride => StrideOf(Dimensions);

    /// <summary>Components as the kernels want them: a multiple of their lanes, zeros behind the last.</summary>
    internal static int StrideOf(int dimensions) => (dimensions + ScoreKernel.Lanes - 1) / ScoreKernel.Lanes * ScoreKernel.Lanes;

    /// <summary>Vectors and ids of one batch of a file.</summary>
    internal static VectorBatch Mapped(Column column, Column rowIds) => new(VectorsOf(column), row => rowIds.Values<long>()[row]);

    internal long RowId(int row) => _rowId(row);

    /// <summary>Whether a row and all its components have values; whether they are finite is not looked at.</summary>
    internal bool HasVector(int row)
    {
        if (_column.NullCount > 0 && _column.IsNull(row))
            return false;
        if (_column.Items.NullCount == 0)
            return true;
        for (var i = row * Dimensions; i < (row + 1) * Dimensions; i++)
        {
            if (_column.Items.IsNull(i))
                return false;
        }

        return true;
    }

    /// <summary>Some rows, <see cref="Stride"/> apart; in <paramref name="scratch"/> where they cannot be used as they lie.</summary>
    internal ReadOnlySpan<float> Rows(int start, int count, Span<float> scratch) => _column.Items.Field.Type.Kind switch
    {
        ArrowKind.Float32 when Stride == Dimensions => _column.Values<float>().Slice(start * Dimensions, count * Dimensions),
        ArrowKind.Float32 => Convert<float>(start, count, scratch),
        ArrowKind.Float64 => Convert<double>(start, count, scratch),
        _ => Convert<Half>(start, count, scratch),
    };

    private ReadOnlySpan<float> Convert<T>(int start, int count, Span<float> scratch)
        where T : unmanaged, INumberBase<T>
    {
        var values = _column.Values<T>().Slice(start * Dimensions, count * Dimensions);
        for (var row = 0; row < count; row++)
        {
            var from = values.Slice(row * Dimensions, Dimensions);
            var to = scratch.Slice(row * Stride, Stride);
            for (var i = 0; i < from.Length; i++)
                to[i] = float.CreateTruncating(from[i]);
            to[from.Length..].Clear();
        }

        return scratch[..(count * Stride)];
    }

    private static FixedSizeListColumn VectorsOf(Column column)
    {
        if (column is not FixedSizeListColumn { Items.Field.Type.Kind: ArrowKind.Float32 or ArrowKind.Float64 or ArrowKind.Float16 } vectors)
            throw new ArgumentException($"Column '{column.Field.Name}' is {column.Field.Type}; vectors are fixed-size lists of float32, float64 or float16.", nameof(column));
        return vectors.ListSize is > 0 and <= MaxDimensions
            ? vectors
            : throw new ArgumentException($"Column '{column.Field.Name}' has {vectors.ListSize} components per row; vectors have 1 to {MaxDimensions}.", nameof(column));
    }
}
