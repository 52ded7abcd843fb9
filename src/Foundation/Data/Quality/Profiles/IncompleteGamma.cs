namespace EventMl.Data.Quality;

/// <summary>The regularised incomplete gamma function, which turns a chi-square statistic into a chance.</summary>
internal static class IncompleteGamma
{
    private const int MaxTerms = 100_000;
    private const double Precision = 1e-15;

    // Lanczos' coefficients for g = 7.
    private static readonly double[] s_lanczos =
    [
        0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012,
        9.9843695780195716e-6, 1.5056327351493116e-7,
    ];

    /// <summary>Q(a, x) = Γ(a, x) / Γ(a) for a > 0, x ≥ 0.</summary>
    public static double Upper(double a, double x) =>
        x <= 0 ? 1 : x < a + 1 ? 1 - LowerBySeries(a, x) : UpperByFraction(a, x);

    private static double LowerBySeries(double a, double x)
    {
        var term = 1 / a;
        var sum = term;
        for (var n = 1; n < MaxTerms && term > sum * Precision; n++)
        {
            term *= x / (a + n);
            sum += term;
        }

        return sum * Factor(a, x);
    }

    // Lentz's way of evaluating a continued fraction.
    private static double UpperByFraction(double a, double x)
    {
        const double tiny = 1e-300;
        var b = x + 1 - a;
        var c = 1 / tiny;
        var d = 1 / b;
        var fraction = d;
        for (var i = 1; i < MaxTerms; i++)
        {
            var an = -i * (i - a);
            b += 2;
            d = 1 / NotZero((an * d) + b);
            c = NotZero(b + (an / c));
            fraction *= d * c;
            if (Math.Abs((d * c) - 1) < Precision)
                break;
        }

        return fraction * Factor(a, x);

        static double NotZero(double value) => Math.Abs(value) < tiny ? tiny : value;
    }

    private static double Factor(double a, double x) => Math.Exp((a * Math.Log(x)) - x - LogGamma(a));

    private static double LogGamma(double a)
    {
        if (a < 0.5)
            return Math.Log(Math.PI / Math.Sin(Math.PI * a)) - LogGamma(1 - a);
        var sum = s_lanczos[0];
        for (var i = 1; i < s_lanczos.Length; i++)
            sum += s_lanczos[i] / (a - 1 + i);
        var t = a + 6.5;
        return (0.5 * Math.Log(2 * Math.PI)) + ((a - 0.5) * Math.Log(t)) - t + Math.Log(sum);
    }
}
