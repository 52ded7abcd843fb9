using System.Numerics;

namespace EventMl.Data.Quality;

/// <summary>Counts different values: exactly up to <see cref="ExactLimit"/>, beyond by a HyperLogLog of 16,384 registers with Ertl's estimator.</summary>
internal sealed class DistinctCounter
{
    public const int ExactLimit = 10_000;

    /// <summary>The estimate's relative standard error; three times as much is hardly ever exceeded.</summary>
    public const double StandardError = 0.0081;

    private const int IndexBits = 14;
    private const int RankBits = 64 - IndexBits;

    private HashSet<ulong>? _exact = [];
    private byte[]? _registers;

    public bool IsExact => _exact is not null;

    public long Estimate => _exact?.Count ?? (long)Math.Round(Ertl());

    public void Add(ulong key)
    {
        if (_exact is null)
        {
            AddToRegisters(StableHash.Mix(key));
            return;
        }

        _exact.Add(key);
        if (_exact.Count > ExactLimit)
            UseRegisters();
    }

    public void Merge(DistinctCounter other)
    {
        if (other._exact is not null)
        {
            foreach (var key in other._exact)
                Add(key);
            return;
        }

        if (_registers is null)
            UseRegisters();
        for (var i = 0; i < _registers!.Length; i++)
            _registers[i] = Math.Max(_registers[i], other._registers![i]);
    }

    private void UseRegisters()
    {
        _registers = new byte[1 << IndexBits];
        foreach (var key in _exact!)
            AddToRegisters(StableHash.Mix(key));
        _exact = null;
    }

    private void AddToRegisters(ulong hash)
    {
        var rank = (byte)Math.Min(BitOperations.LeadingZeroCount(hash << IndexBits) + 1, RankBits + 1);
        ref var register = ref _registers![hash >> RankBits];
        if (rank > register)
            register = rank;
    }

    /// <summary>Otmar Ertl's improved raw estimator (2017), unbiased from small to huge counts.</summary>
    private double Ertl()
    {
        double size = _registers!.Length;
        var counts = new int[RankBits + 2];
        foreach (var register in _registers)
            counts[register]++;
        var sum = size * Tau(1 - (counts[RankBits + 1] / size));
        for (var rank = RankBits; rank >= 1; rank--)
            sum = 0.5 * (sum + counts[rank]);
        sum += size * Sigma(counts[0] / size);
        return size * size / (2 * Math.Log(2) * sum);
    }

    private static double Sigma(double x)
    {
        var (weight, sum, before) = (1.0, x, -1.0);
        for (; sum > before; weight += weight)
        {
            x *= x;
            before = sum;
            sum += x * weight;
        }

        return sum;
    }

    private static double Tau(double x)
    {
        if (x is <= 0 or >= 1)
            return 0;
        var (weight, sum, before) = (1.0, 1 - x, 2.0);
        while (sum < before)
        {
            x = Math.Sqrt(x);
            before = sum;
            weight *= 0.5;
            sum -= (1 - x) * (1 - x) * weight;
        }

        return sum / 3;
    }
}
