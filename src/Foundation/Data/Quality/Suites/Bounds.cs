using System.Globalization;

namespace EventMl.Data.Quality;

/// <summary>A lower and an upper bound, both inclusive; instants are seconds since 1970. NaN is never within.</summary>
internal sealed record Bounds(double? Min, double? Max, bool AreInstants)
{
    public bool Contains(double value) => !double.IsNaN(value) && !(value < Min) && !(value > Max);

    public static Bounds Read(YamlFields fields, string example)
    {
        var (min, max) = (fields.Take("min"), fields.Take("max"));
        if (min is null && max is null)
            throw fields.Error($"'min' or 'max' is missing; write for instance '{example}'.");
        var (low, high) = (min is null ? null : Read("min", min), max is null ? null : Read("max", max));
        if (low is { } l && high is { } h && l.IsInstant != h.IsInstant)
            throw fields.Error("'min' and 'max' are both numbers or both dates.");
        if (low?.Value > high?.Value)
            throw fields.Error("'min' is larger than 'max'.");
        return new Bounds(low?.Value, high?.Value, (low ?? high)!.Value.IsInstant);
    }

    public override string ToString() => (Min, Max) switch
    {
        (null, var max) => $"≤ {Show(max!.Value)}",
        (var min, null) => $"≥ {Show(min.Value)}",
        var (min, max) => $"{Show(min.Value)} to {Show(max.Value)}",
    };

    private static (double Value, bool IsInstant)? Read(string key, YamlNode node)
    {
        if (double.TryParse(node.Scalar, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
            return (number, false);
        return DateTimeOffset.TryParse(node.Scalar, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at)
            ? ((at - DateTimeOffset.UnixEpoch).TotalSeconds, true)
            : throw node.Error($"'{key}' is '{node.Scalar}'; write a number such as 0.5 or a date such as 2026-01-31T12:00:00Z.");
    }

    private string Show(double value) => AreInstants ? ClockText.Instant(value) : value.ToString("R", CultureInfo.InvariantCulture);
}
