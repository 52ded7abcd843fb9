using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Fitting;

/// <summary>
/// Exact quantiles of many features, interpolated as NumPy's <c>linear</c> does. What does not fit in memory is read again:
/// two passes as a rule, eight at most, with a bounded number of counters.
/// </summary>
internal sealed class ExactQuantiles
{
    private const int MaxCounters = 1 << 23;
    private readonly FeatureRanks[] _features;
    private readonly Func<long, IReadOnlyList<double>> _wanted;
    private readonly long _valuesInMemory;
    private IReadOnlyList<double>? _probabilities;
    private long _rows;
    private bool _keeping = true;
    private long _kept;

    /// <param name="features">How many features.</param>
    /// <param name="wanted">The probabilities for a number of rows, which is known after the first pass.</param>
    /// <param name="valuesInMemory">Values that may be kept.</param>
    public ExactQuantiles(int features, Func<long, IReadOnlyList<double>> wanted, long valuesInMemory)
    {
        (_wanted, _valuesInMemory) = (wanted, valuesInMemory);
        _features = [.. Enumerable.Range(0, features).Select(_ => new FeatureRanks())];
        foreach (var feature in _features)
            feature.StartKeeping();
    }

    public long Count(int feature) => _features[feature].Count;

    public void Add(Matrix matrix)
    {
        if (_probabilities is null)
            _rows += matrix.Rows;
        for (var row = 0; row < matrix.Rows; row++)
        {
            var numbers = matrix.Row(row);
            for (var i = 0; i < numbers.Length; i++)
            {
                if (double.IsNaN(numbers[i]) || _features[i].IsDone)
                    continue;
                if (_features[i].Add(numbers[i]))
                    _kept++;
            }

            if (_keeping && _kept > _valuesInMemory)
                StartCounting();
        }
    }

    public bool NeedsAnotherPass()
    {
        _probabilities ??= _wanted(_rows);
        for (var i = 0; i < _features.Length; i++)
        {
            var n = _features[i].Count;
            _features[i].EndPass(n == 0 ? [] : _probabilities.SelectMany(p => Ranks(p, n)).Distinct().Order());
        }

        if (Array.TrueForAll(_features, f => f.IsDone))
            return false;
        _kept = 0;
        _keeping = _features.Sum(f => f.Needed) <= _valuesInMemory;
        if (_keeping)
        {
            foreach (var feature in _features)
                feature.StartKeeping();
        }
        else
        {
            StartCounting();
        }

        return true;
    }

    /// <summary>The quantile of a feature by the place of its probability; NaN where the feature has no value.</summary>
    public double Get(int feature, int place)
    {
        var n = _features[feature].Count;
        if (n == 0)
            return double.NaN;
        var rank = _probabilities![place] * (n - 1);
        var (low, high) = (_features[feature][(long)rank], _features[feature][Math.Min((long)rank + 1, n - 1)]);
        var (part, step) = (rank - Math.Floor(rank), high - low);
        return part >= 0.5 ? high - (step * (1 - part)) : low + (step * part);
    }

    private static IEnumerable<long> Ranks(double probability, long n)
    {
        var rank = (long)(probability * (n - 1));
        return [rank, Math.Min(rank + 1, n - 1)];
    }

    private void StartCounting()
    {
        _keeping = false;
        var groups = Math.Max(1, _features.Sum(f => f.Groups));
        var bits = Math.Clamp((int)Math.Log2(MaxCounters / groups), 8, 16);
        foreach (var feature in _features)
            feature.StartCounting(bits);
    }
}
