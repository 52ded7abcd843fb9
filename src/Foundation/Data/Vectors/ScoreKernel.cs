using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EventMl.Data.Vectors;

/// <summary>What is added up over the components of two vectors.</summary>
internal interface IScore
{
    static abstract Vector512<float> Add(Vector512<float> sum, Vector512<float> x, Vector512<float> y);
}

internal readonly struct SquaredDifference : IScore
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> sum, Vector512<float> x, Vector512<float> y) => Vector512.FusedMultiplyAdd(x - y, x - y, sum);
}

internal readonly struct Product : IScore
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> sum, Vector512<float> x, Vector512<float> y) => Vector512.FusedMultiplyAdd(x, y, sum);
}

/// <summary>
/// Sums of every row with every query, in blocks of four by four so that what is loaded is used four times. Each sum is added up in the same order
/// whatever the block and the machine, so a distance has the same bits whether one query is asked or a thousand.
/// </summary>
internal static class ScoreKernel
{
    public const int Lanes = 16;

    private const int Block = 4;
    private const int CacheLine = 64;
    private const int Ahead = 4096;

    /// <summary>Sums for rows and queries of <paramref name="stride"/> components, a multiple of <see cref="Lanes"/>; <c>scores[query * rowCount + row]</c>.</summary>
    public static void Fill<T>(ReadOnlySpan<float> rows, int rowCount, ReadOnlySpan<float> queries, int queryCount, int stride, Span<float> scores)
        where T : struct, IScore
    {
        // The loops below read and write without further checks.
        if (stride <= 0 || stride % Lanes != 0 || rows.Length < (long)rowCount * stride || queries.Length < (long)queryCount * stride || scores.Length < (long)rowCount * queryCount)
            throw new ArgumentException($"{rowCount} rows and {queryCount} queries of {stride} components do not fit {rows.Length}, {queries.Length} and {scores.Length} values.", nameof(rows));
        ref var r = ref Unsafe.AsRef(in rows[0]);
        ref var q = ref Unsafe.AsRef(in queries[0]);
        ref var s = ref scores[0];
        var fullRows = rowCount - (rowCount % Block);
        for (var query = 0; query < queryCount;)
        {
            var block = queryCount - query >= Block ? Block : 1;
            ref var own = ref Unsafe.Add(ref q, query * (nint)stride);
            ref var target = ref Unsafe.Add(ref s, query * (nint)rowCount);
            for (var row = 0; row < fullRows; row += Block)
            {
                ref var x = ref Unsafe.Add(ref r, row * (nint)stride);
                if (block == Block)
                    FourByFour<T>(ref x, ref own, stride, ref Unsafe.Add(ref target, row), rowCount);
                else
                    FourByOne<T>(ref x, ref own, stride).StoreUnsafe(ref Unsafe.Add(ref target, row));
            }

            for (var row = fullRows; row < rowCount; row++)
            {
                for (var i = 0; i < block; i++)
                    Unsafe.Add(ref target, (i * (nint)rowCount) + row) = One<T>(ref Unsafe.Add(ref r, row * (nint)stride), ref Unsafe.Add(ref own, i * (nint)stride), stride);
            }

            query += block;
        }
    }

    /// <summary>The sum for one pair.</summary>
    public static float One<T>(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
        where T : struct, IScore
    {
        if (x.Length != y.Length || x.Length == 0 || x.Length % Lanes != 0)
            throw new ArgumentException($"{x.Length} and {y.Length} components are not the same multiple of {Lanes}.", nameof(x));
        return One<T>(ref Unsafe.AsRef(in x[0]), ref Unsafe.AsRef(in y[0]), x.Length);
    }

    private static float One<T>(ref float x, ref float y, int stride)
        where T : struct, IScore
    {
        var sum = Vector512<float>.Zero;
        for (nuint i = 0; i < (nuint)stride; i += Lanes)
            sum = T.Add(sum, Vector512.LoadUnsafe(ref x, i), Vector512.LoadUnsafe(ref y, i));
        return Sum(sum, sum, sum, sum).ToScalar();
    }

    private static unsafe Vector128<float> FourByOne<T>(ref float x, ref float q, int stride)
        where T : struct, IScore
    {
        Vector512<float> a = default, b = default, c = default, d = default;
        var (one, two, three) = ((nuint)stride, 2 * (nuint)stride, 3 * (nuint)stride);
        // One query waits for memory alone, and the processor's own look-ahead ends with each page. The address is only a hint and may lie anywhere.
        var ahead = (byte*)Unsafe.AsPointer(ref x) + Ahead;
        for (nuint i = 0; i < (nuint)stride; i += Lanes)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch0(ahead);
                Sse.Prefetch0(ahead + CacheLine);
                Sse.Prefetch0(ahead + (2 * CacheLine));
                Sse.Prefetch0(ahead + (3 * CacheLine));
                ahead += 4 * CacheLine;
            }

            var y = Vector512.LoadUnsafe(ref q, i);
            a = T.Add(a, Vector512.LoadUnsafe(ref x, i), y);
            b = T.Add(b, Vector512.LoadUnsafe(ref x, one + i), y);
            c = T.Add(c, Vector512.LoadUnsafe(ref x, two + i), y);
            d = T.Add(d, Vector512.LoadUnsafe(ref x, three + i), y);
        }

        return Sum(a, b, c, d);
    }

    private static void FourByFour<T>(ref float x, ref float q, int stride, ref float target, int step)
        where T : struct, IScore
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default, d0 = default, d1 = default, d2 = default, d3 = default;
        var (one, two, three) = ((nuint)stride, 2 * (nuint)stride, 3 * (nuint)stride);
        for (nuint i = 0; i < (nuint)stride; i += Lanes)
        {
            var (x0, x1) = (Vector512.LoadUnsafe(ref x, i), Vector512.LoadUnsafe(ref x, one + i));
            var (x2, x3) = (Vector512.LoadUnsafe(ref x, two + i), Vector512.LoadUnsafe(ref x, three + i));
            var y = Vector512.LoadUnsafe(ref q, i);
            (a0, a1, a2, a3) = (T.Add(a0, x0, y), T.Add(a1, x1, y), T.Add(a2, x2, y), T.Add(a3, x3, y));
            y = Vector512.LoadUnsafe(ref q, one + i);
            (b0, b1, b2, b3) = (T.Add(b0, x0, y), T.Add(b1, x1, y), T.Add(b2, x2, y), T.Add(b3, x3, y));
            y = Vector512.LoadUnsafe(ref q, two + i);
            (c0, c1, c2, c3) = (T.Add(c0, x0, y), T.Add(c1, x1, y), T.Add(c2, x2, y), T.Add(c3, x3, y));
            y = Vector512.LoadUnsafe(ref q, three + i);
            (d0, d1, d2, d3) = (T.Add(d0, x0, y), T.Add(d1, x1, y), T.Add(d2, x2, y), T.Add(d3, x3, y));
        }

        Sum(a0, a1, a2, a3).StoreUnsafe(ref target);
        Sum(b0, b1, b2, b3).StoreUnsafe(ref target, (nuint)step);
        Sum(c0, c1, c2, c3).StoreUnsafe(ref target, 2 * (nuint)step);
        Sum(d0, d1, d2, d3).StoreUnsafe(ref target, 3 * (nuint)step);
    }

    /// <summary>The sums of four vectors: first (0+2)+(1+3) within each 128 bits, then the four results in the same way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Sum(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        if (Avx512F.IsSupported)
        {
            var ab = Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b);
            var cd = Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d);
            var all = Avx512F.Shuffle(ab, cd, 0x44) + Avx512F.Shuffle(ab, cd, 0xEE);
            var half = all.GetLower() + all.GetUpper();
            return half.GetLower() + half.GetUpper();
        }

        if (Avx.IsSupported)
        {
            var half = Sum(a.GetLower(), b.GetLower(), c.GetLower(), d.GetLower()) + Sum(a.GetUpper(), b.GetUpper(), c.GetUpper(), d.GetUpper());
            return half.GetLower() + half.GetUpper();
        }

        return Vector128.Create(Sum(a), Sum(b), Sum(c), Sum(d));
    }

    private static Vector256<float> Sum(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
    {
        var ab = Avx.UnpackLow(a, b) + Avx.UnpackHigh(a, b);
        var cd = Avx.UnpackLow(c, d) + Avx.UnpackHigh(c, d);
        return Avx.Shuffle(ab, cd, 0x44) + Avx.Shuffle(ab, cd, 0xEE);
    }

    private static float Sum(Vector512<float> a)
    {
        return (Part(0) + Part(8)) + (Part(4) + Part(12));

        float Part(int i) => (a[i] + a[i + 2]) + (a[i + 1] + a[i + 3]);
    }
}
