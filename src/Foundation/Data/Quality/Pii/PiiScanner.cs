using System.Text;
using EventMl.Arrow;

namespace EventMl.Data.Quality;

/// <summary>Looks for personal data in the texts and integers of a dataset, one batch at a time. Of long texts the first 2,000 bytes are read; nested columns are not.</summary>
public sealed class PiiScanner
{
    /// <summary>From this confidence on a column counts as personal data.</summary>
    public const double LikelyConfidence = 0.5;

    private const int LongestText = 2000;

    private readonly ColumnScan[] _columns;
    private long _rows;

    /// <summary>Begins a scan of some columns of a schema, of all when <paramref name="columns"/> is null or empty.</summary>
    public PiiScanner(ArrowSchema schema, IReadOnlyCollection<string>? columns = null) => _columns =
    [
        .. schema.Fields.Select((field, index) => (field, index))
            .Where(c => columns is null or { Count: 0 } || columns.Contains(c.field.Name))
            .Select(c => new ColumnScan(c.field, c.index)),
    ];

    /// <summary>Scans the rows of a batch.</summary>
    public void Observe(RecordBatch batch)
    {
        foreach (var column in _columns)
            column.Observe(batch);
        _rows += batch.Length;
    }

    /// <summary>What was found so far.</summary>
    public PiiReport Build() => new()
    {
        Rows = _rows,
        Findings = [.. _columns.SelectMany(c => c.Findings()).OrderByDescending(f => f.Confidence).ThenBy(f => f.Column, StringComparer.Ordinal).ThenBy(f => f.Kind)],
    };

    private sealed class ColumnScan(ArrowField field, int index)
    {
        // A kind that only the name tells is worth a look, no more.
        private const double HintAlone = 0.3;
        private const int Samples = 3;

        private readonly Dictionary<PiiKind, Tally> _tallies = [];
        private readonly HashSet<PiiKind> _hints = [.. PiiHints.Of(field.Name)];
        private long _values;

        public void Observe(RecordBatch batch)
        {
            var kind = ColumnValues.ClassOf(field.Type);
            if (kind is not (ValueClass.Text or ValueClass.Number))
            {
                if (_hints.Contains(PiiKind.BirthDate))
                    _values += batch.Length - batch.Column(index).NullCount;
                return;
            }

            var values = new ColumnValues(batch.Column(index));
            var scans = kind == ValueClass.Text || values.Type.Kind is ArrowKind.Int64 or ArrowKind.UInt64;
            for (var row = 0; row < values.Length; row++)
            {
                if (values.IsNull(row))
                    continue;
                _values++;
                if (scans && (kind == ValueClass.Text ? MayMatch(values.Bytes(row)) : values.Numbers[row] >= 1e9))
                    Count(kind == ValueClass.Text ? Start(values.Bytes(row)) : values.Text(row));
            }
        }

        public IEnumerable<PiiFinding> Findings()
        {
            if (_values == 0)
                yield break;
            foreach (var kind in _tallies.Keys.Union(_hints))
            {
                var tally = _tallies.GetValueOrDefault(kind);
                var share = (double)(tally?.Matches ?? 0) / _values;
                var hint = _hints.Contains(kind);
                yield return new PiiFinding
                {
                    Column = field.Name,
                    Kind = kind,
                    Matches = tally?.Matches ?? 0,
                    Share = share,
                    Confidence = tally is null ? HintAlone : Confidence(kind, tally.Precision / tally.Matches, share, hint),
                    NameHint = hint,
                    Samples = tally?.Samples ?? [],
                };
            }
        }

        /// <summary>One mail address is one too many; a checksum fits by chance once in a while; what is a mere pattern counts only in numbers, or where the column's name says the same.</summary>
        private static double Confidence(PiiKind kind, double precision, double share, bool hint)
        {
            var weight = kind == PiiKind.Email ? 1 : precision >= 0.9 ? (share >= 0.001 ? 1 : 0.45) : share >= 0.5 ? 1.1 : share >= 0.1 ? 0.8 : 0.4;
            return Math.Round(Math.Min(1, (precision * weight) + (hint ? 0.25 : 0)), 3);
        }

        private static bool MayMatch(ReadOnlySpan<byte> utf8)
        {
            utf8 = utf8[..Math.Min(utf8.Length, LongestText)];
            return utf8.Length >= 3 && (utf8.Contains((byte)'@') || utf8.Contains((byte)':') || utf8.IndexOfAnyInRange((byte)'0', (byte)'9') >= 0);
        }

        private static string Start(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, LongestText)]);

        private void Count(string text)
        {
            foreach (var match in PiiPatterns.Find(text))
            {
                if (!_tallies.TryGetValue(match.Kind, out var tally))
                    _tallies.Add(match.Kind, tally = new Tally());
                tally.Matches++;
                tally.Precision += match.Precision;
                if (tally.Samples.Count < Samples)
                    tally.Samples.Add(PiiMask.Mask(match.Text));
            }
        }
    }

    private sealed class Tally
    {
        public long Matches { get; set; }

        public double Precision { get; set; }

        public List<string> Samples { get; } = [];
    }
}
