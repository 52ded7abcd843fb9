namespace EventMl.Data.Transforms.Fitting;

/// <summary>
/// Finds the values of given ranks of one feature exactly: first by counting how many values begin with which bits, then by
/// counting or keeping those only that share their first bits with a wanted one.
/// </summary>
internal sealed class FeatureRanks
{
    private const int KeyBits = 64;
    private readonly Dictionary<long, double> _found = [];
    private List<Group> _groups = [new Group(0, 0, 0)];
    private int _known;
    private int _bits;

    public long Count { get; private set; }

    public bool IsDone => _groups.Count == 0;

    /// <summary>Sets of values that must be told apart.</summary>
    public int Groups => _groups.Count;

    public double this[long rank] => _found[rank];

    /// <summary>Values that the next pass would keep if it kept all it needs.</summary>
    public long Needed => _groups.Sum(g => g.Size);

    /// <summary>Goes over to counting by <paramref name="bits"/> bits more; what was kept so far is counted.</summary>
    public void StartCounting(int bits)
    {
        _bits = Math.Min(bits, KeyBits - _known);
        foreach (var group in _groups)
        {
            group.Counts = new long[1 << _bits];
            foreach (var value in group.Kept ?? [])
                group.Tally(Key(value), Digit(Key(value)));
            group.Kept = null;
        }
    }

    public void StartKeeping()
    {
        foreach (var group in _groups)
            group.Kept = [];
    }

    /// <summary>Takes a value; true where it was kept.</summary>
    public bool Add(double value)
    {
        if (_known == 0)
            Count++;
        var key = Key(value);
        if (Find(_known == 0 ? 0 : key >> (KeyBits - _known)) is not { } group)
            return false;
        if (group.Kept is not { } kept)
        {
            group.Tally(key, Digit(key));
            return false;
        }

        kept.Add(value);
        return true;
    }

    /// <summary>Ends a pass: ranks are found, or narrowed down to fewer values.</summary>
    public void EndPass(IEnumerable<long> ranks)
    {
        var next = new List<Group>();
        var known = _known + _bits;
        foreach (var group in _groups)
            group.Kept?.Sort();
        foreach (var rank in ranks.Where(r => !_found.ContainsKey(r)))
        {
            var group = _groups.FindLast(g => g.Before <= rank)!;
            if (group.Kept is { } kept)
            {
                _found[rank] = kept[(int)(rank - group.Before)];
                continue;
            }

            if (group.Smallest == group.Largest)
            {
                _found[rank] = Value(group.Smallest);
                continue;
            }

            var (digit, before) = (0, group.Before);
            while (before + group.Counts![digit] <= rank)
                before += group.Counts[digit++];
            var prefix = (group.Prefix << _bits) | (uint)digit;
            if (known == KeyBits)
                _found[rank] = Value(prefix);
            else if (next.Count == 0 || next[^1].Prefix != prefix)
                next.Add(new Group(prefix, before, group.Counts[digit]));
        }

        _groups = next;
        _known = known;
    }

    // The order of these keys is the order of the numbers.
    private static ulong Key(double value)
    {
        var bits = BitConverter.DoubleToUInt64Bits(value + 0.0);
        return (bits >> (KeyBits - 1)) == 0 ? bits | (1UL << (KeyBits - 1)) : ~bits;
    }

    private static double Value(ulong key) => BitConverter.UInt64BitsToDouble((key >> (KeyBits - 1)) == 1 ? key & ~(1UL << (KeyBits - 1)) : ~key);

    private int Digit(ulong key) => (int)((key >> (KeyBits - _known - _bits)) & ((1UL << _bits) - 1));

    private Group? Find(ulong prefix)
    {
        var (low, high) = (0, _groups.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var found = _groups[middle].Prefix;
            if (found == prefix)
                return _groups[middle];
            (low, high) = found < prefix ? (middle + 1, high) : (low, middle - 1);
        }

        return null;
    }

    /// <summary>Values that begin with the same bits: how many are smaller, and how many there are.</summary>
    private sealed class Group(ulong prefix, long before, long size)
    {
        public ulong Prefix => prefix;

        public long Before => before;

        public long Size => size;

        public long[]? Counts { get; set; }

        public List<double>? Kept { get; set; }

        public ulong Smallest { get; private set; } = ulong.MaxValue;

        public ulong Largest { get; private set; }

        public void Tally(ulong key, int digit)
        {
            Counts![digit]++;
            (Smallest, Largest) = (Math.Min(Smallest, key), Math.Max(Largest, key));
        }
    }
}
