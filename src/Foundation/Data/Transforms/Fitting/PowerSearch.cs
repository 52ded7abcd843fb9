namespace EventMl.Data.Transforms.Fitting;

/// <summary>
/// The λ of greatest likelihood for one feature: each pass finds where among a few λ the slope of the likelihood changes its sign,
/// the last one interpolates.
/// </summary>
internal sealed class PowerSearch(bool positive)
{
    private const int Points = 33;
    private const double Widest = 16;
    private const double Narrow = 1e-4;
    private CompensatedSum _logs;
    private Slope[] _slopes = Around(-Widest, Widest);

    public long Count { get; private set; }

    public double Lambda { get; private set; }

    public bool IsDone { get; private set; }

    /// <summary>A number to the power λ, as Box and Cox or Yeo and Johnson mean it.</summary>
    public static double Transform(double x, double lambda, bool positive) =>
        positive ? Power(Math.Log(x), lambda)
        : x >= 0 ? Power(LogOnePlus(x), lambda)
        : -Power(LogOnePlus(-x), 2 - lambda);

    public void Add(double x)
    {
        if (IsDone)
            return;
        Count++;
        var log = positive ? Math.Log(x) : x >= 0 ? LogOnePlus(x) : -LogOnePlus(-x);
        _logs.Add(log);
        foreach (var slope in _slopes)
            slope.Add(Transform(x, slope.Lambda, positive), Derivative(log, slope.Lambda));
    }

    public void EndPass()
    {
        if (IsDone)
            return;
        // The likelihood has one top: its slope is above 0 before it and below behind it.
        var falling = Array.FindIndex(_slopes, s => s.At(_logs.Value, Count) is var slope && (slope <= 0 || (double.IsNaN(slope) && s.Lambda > 0)));
        var right = falling < 0 ? Points - 1 : Math.Max(1, falling);
        var (low, high) = (_slopes[right - 1], _slopes[right]);
        if (high.Lambda - low.Lambda > Narrow)
        {
            (_slopes, _logs, Count) = (Around(low.Lambda, high.Lambda), default, 0);
            return;
        }

        var (before, behind) = (low.At(_logs.Value, Count), high.At(_logs.Value, Count));
        var part = before / (before - behind);
        Lambda = low.Lambda + ((high.Lambda - low.Lambda) * (part is >= 0 and <= 1 ? part : 0.5));
        IsDone = true;
    }

    private static Slope[] Around(double from, double to) => [.. Enumerable.Range(0, Points).Select(i => new Slope(from + ((to - from) * i / (Points - 1))))];

    private double Derivative(double log, double lambda) => positive || log >= 0 ? PowerDerivative(log, lambda) : PowerDerivative(-log, 2 - lambda);

    // (e^(λ·log) - 1) ÷ λ, exact near λ = 0 too.
    private static double Power(double log, double lambda) => Math.Abs(lambda * log) < 1e-9 ? log * (1 + (lambda * log / 2)) : ExpMinusOne(lambda * log) / lambda;

    private static double PowerDerivative(double log, double lambda)
    {
        var product = lambda * log;
        return Math.Abs(product) < 1e-4
            ? log * log * (0.5 + (product / 3) + (product * product / 8))
            : ((Math.Exp(product) * log) - (ExpMinusOne(product) / lambda)) / lambda;
    }

    private static double LogOnePlus(double x)
    {
        var sum = 1 + x;
        return sum == 1 ? x : double.IsInfinity(sum) ? Math.Log(x) : Math.Log(sum) * (x / (sum - 1));
    }

    private static double ExpMinusOne(double x)
    {
        if (Math.Abs(x) > 0.5)
            return Math.Exp(x) - 1;
        // e^x - 1 = 2·sinh(x/2)·e^(x/2), which loses nothing for small x.
        return 2 * Math.Sinh(x / 2) * Math.Exp(x / 2);
    }

    /// <summary>What the slope of the likelihood at one λ needs.</summary>
    private sealed class Slope(double lambda)
    {
        private CompensatedSum _values;
        private CompensatedSum _squares;
        private CompensatedSum _changes;
        private CompensatedSum _products;
        private double? _shift;

        public double Lambda => lambda;

        public void Add(double value, double change)
        {
            var distance = value - (_shift ??= value);
            _values.Add(distance);
            _squares.AddProduct(distance, distance);
            _changes.Add(change);
            _products.AddProduct(distance, change);
        }

        public double At(double logs, long n) =>
            logs - (n * (_products.MinusProduct(_values, _changes, n) / _squares.MinusProduct(_values, _values, n)));
    }
}
