namespace EventMl.Data.Quality;

/// <summary>Which rows of one batch a suite puts aside, and why.</summary>
public sealed class BatchVerdict
{
    private readonly byte[] _mask;
    private readonly IReadOnlyList<(RowReason Reason, byte[] Mask)> _reasons;

    internal BatchVerdict(long firstRow, int length, IReadOnlyList<(RowReason Reason, byte[] Mask)> reasons)
    {
        (FirstRow, Length, _reasons) = (firstRow, length, reasons);
        _mask = new byte[Bits.Bytes(length)];
        foreach (var (_, mask) in reasons)
        {
            for (var i = 0; i < _mask.Length; i++)
                _mask[i] |= mask[i];
        }
    }

    /// <summary>The batch's first row in the version, counted from 0.</summary>
    public long FirstRow { get; }

    /// <summary>Rows of the batch.</summary>
    public int Length { get; }

    /// <summary>One bit per row, least significant first, 1 = put aside.</summary>
    public ReadOnlySpan<byte> Quarantined => _mask;

    /// <summary>Rows put aside.</summary>
    public int QuarantinedCount => Bits.Count(_mask);

    /// <summary>Whether a row of the batch is put aside.</summary>
    public bool IsQuarantined(int row) => Bits.Get(_mask, row);

    /// <summary>Why a row of the batch is put aside; empty when it is not.</summary>
    public IReadOnlyList<RowReason> Reasons(int row) => [.. _reasons.Where(r => Bits.Get(r.Mask, row)).Select(r => r.Reason)];
}

/// <summary>Why a row was put aside: an expectation's id and what it expected.</summary>
public sealed record RowReason(string Expectation, string Reason);

/// <summary>Bits in bytes, least significant first.</summary>
internal static class Bits
{
    public static int Bytes(int bits) => (bits + 7) / 8;

    public static bool Get(ReadOnlySpan<byte> bits, int index) => (bits[index >> 3] & (1 << (index & 7))) != 0;

    public static void Set(Span<byte> bits, int index) => bits[index >> 3] |= (byte)(1 << (index & 7));

    public static int Count(ReadOnlySpan<byte> bits)
    {
        var count = 0;
        foreach (var value in bits)
            count += System.Numerics.BitOperations.PopCount(value);
        return count;
    }
}
