namespace EventMl.Data.Transforms.Fitting;

/// <summary>The edges between clusters of one feature by Lloyd's algorithm, one pass over the data for each iteration.</summary>
internal sealed class KMeansEdges(int bins)
{
    private const int MaxIterations = 300;
    private const double Tolerance = 1e-4;
    private readonly Moments _moments = new();
    private double[] _centers = [];
    private double[] _borders = [];
    private CompensatedSum[] _sums = [];
    private long[] _counts = [];
    private long[] _countsBefore = [];
    private int _iterations;

    public bool IsDone { get; private set; }

    public long Count => _moments.Count;

    /// <summary>Smallest value, borders, largest value.</summary>
    public double[] Edges => [_moments.Min, .. _borders, _moments.Max];

    public void Add(double value)
    {
        if (_centers.Length == 0)
        {
            _moments.Add(value);
        }
        else if (!IsDone)
        {
            var place = Array.BinarySearch(_borders, value);
            var cluster = place >= 0 ? place : ~place;
            _sums[cluster].Add(value - _moments.Mean);
            _counts[cluster]++;
        }
    }

    public void EndPass()
    {
        if (_centers.Length == 0)
        {
            var edges = Steps.Spaced.Numbers(_moments.Min, _moments.Max, bins + 1);
            // As distances from the mean, which keeps their digits.
            StartIteration([.. Enumerable.Range(0, bins).Select(i => ((edges[i] + edges[i + 1]) * 0.5) - _moments.Mean)]);
            IsDone = _moments.Count == 0 || _moments.Min == _moments.Max;
        }
        else if (!IsDone)
        {
            // A cluster without values stays where it is.
            double[] moved = [.. _centers.Select((c, i) => _counts[i] == 0 ? c : _sums[i].Value / _counts[i])];
            var shift = moved.Zip(_centers, (a, b) => (a - b) * (a - b)).Sum();
            // Sorted values fall into the same clusters where the clusters have the same sizes.
            IsDone = _counts.AsSpan().SequenceEqual(_countsBefore) || shift <= Tolerance * _moments.Variance || ++_iterations == MaxIterations;
            _countsBefore = _counts;
            StartIteration(moved);
        }
    }

    private void StartIteration(double[] centers)
    {
        _centers = centers;
        _borders = [.. centers.Skip(1).Zip(centers, (right, left) => ((right + left) * 0.5) + _moments.Mean)];
        _sums = new CompensatedSum[bins];
        _counts = new long[bins];
    }
}
