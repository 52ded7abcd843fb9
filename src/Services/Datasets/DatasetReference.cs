using System.Globalization;
using EventMl.Datasets.Viewing;

namespace EventMl.Datasets;

/// <summary>How an address names a version: <c>latest</c>, a number, a tag, or an instant.</summary>
internal static class DatasetReference
{
    public const string Latest = "latest";

    /// <summary>The version meant; null when there is none.</summary>
    public static DatasetVersionRow? Find(DatasetHistoryRow history, string reference) =>
        history.Versions.Count == 0 || history.Deleted ? null
        : reference == Latest ? history.Versions[^1]
        : long.TryParse(reference, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? history.Find(number)
        : char.IsAsciiLetter(reference.FirstOrDefault()) ? history.Tags.TryGetValue(reference, out var tagged) ? history.Find(tagged) : null
        : DateTimeOffset.TryParse(reference, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant)
            ? history.Versions.LastOrDefault(v => v.CreatedAt <= instant)
        : null;
}
