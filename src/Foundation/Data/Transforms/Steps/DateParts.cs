using System.Runtime.InteropServices;
using System.Text.Json;
using EventMl.Arrow;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Steps;

/// <summary>Parts of dates and times: as numbers, and as places on a circle, where December lies beside January.</summary>
internal sealed class DateParts : Transform
{
    private const int SecondsPerDay = 86_400;

    // For each part its first value and how many there are before it begins again; a year does not.
    private static readonly Dictionary<string, (int First, int Period)> s_parts = new(StringComparer.Ordinal)
    {
        ["year"] = (0, 0),
        ["quarter"] = (1, 4),
        ["month"] = (1, 12),
        ["day"] = (1, 31),
        ["day_of_year"] = (1, 366),
        ["weekday"] = (0, 7),
        ["hour"] = (0, 24),
        ["minute"] = (0, 60),
        ["second"] = (0, 60),
    };

    private readonly string[] _parts;
    private readonly string[] _cyclic;
    private readonly TimeZoneInfo?[] _zones;

    public DateParts(StepContext step)
        : base(step)
    {
        step.Require(Families.IsDate, "dates and timestamps");
        _cyclic = Names("cyclic") ?? [];
        _parts = Names("parts") ?? (_cyclic.Length > 0 ? [] : ["year", "month", "day", "weekday", "hour"]);
        if (_cyclic.Contains("year", StringComparer.Ordinal))
            throw step.Error("a year does not come again; leave it out of 'cyclic'.");
        if (_parts.Length + _cyclic.Length == 0)
            throw step.Error("'parts' and 'cyclic' are both empty; name at least one part.");
        var zone = step.Parameters.Text("time_zone", "");
        _zones = [.. step.Fields.Select(f => f.Type.TimeZone is null ? null : Zone(zone.Length > 0 ? zone : f.Type.TimeZone))];

        string[]? Names(string parameter) => step.Parameters.Texts(parameter) is not { } names ? null
            : names.FirstOrDefault(n => !s_parts.ContainsKey(n)) is { } unknown ? throw step.Error($"there is no part '{unknown}' of a date; there are {string.Join(", ", s_parts.Keys)}.")
            : [.. names];
    }

    public override FittedTransform Load(JsonElement state) => new Fitted(Step, this);

    private TimeZoneInfo? Zone(string name)
    {
        if (name is "UTC" or "Etc/UTC" or "Z")
            return null;
        if (name.Length == 6 && name[0] is '+' or '-' && TimeSpan.TryParse(name[1..], System.Globalization.CultureInfo.InvariantCulture, out var offset))
            return TimeZoneInfo.CreateCustomTimeZone(name, name[0] == '-' ? -offset : offset, name, name);
        return TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone
            : throw Step.Error($"the time zone '{name}' is not known on this machine; install tzdata, or give 'time_zone' as +01:00 or a name such as Europe/Berlin.");
    }

    private sealed class Fitted(StepContext step, DateParts parts) : FittedMatrix(step)
    {
        public override IReadOnlyList<OutputColumn> Outputs =>
        [
            .. Step.Fields.SelectMany(f => parts._parts.Select(p => $"{f.Name}_{p}")
                .Concat(parts._cyclic.SelectMany(p => new[] { $"{f.Name}_{p}_sin", $"{f.Name}_{p}_cos" }))).Select(OutputColumn.Scalar),
        ];

        protected override Matrix Apply(StepBatch batch)
        {
            var perColumn = parts._parts.Length + (2 * parts._cyclic.Length);
            var matrix = new Matrix(batch.Rows, perColumn * batch.Columns.Count);
            for (var i = 0; i < batch.Columns.Count; i++)
            {
                for (var row = 0; row < batch.Rows; row++)
                    Fill(matrix.Row(row).Slice(i * perColumn, perColumn), batch.Columns[i], row, parts._zones[i]);
            }

            return matrix;
        }

        private void Fill(Span<double> numbers, Column column, int row, TimeZoneInfo? zone)
        {
            if (column.IsNull(row))
            {
                numbers.Fill(double.NaN);
                return;
            }

            var seconds = Seconds(column, row);
            var clock = new Clock(zone is null ? seconds : seconds + Offset(zone, seconds, column.Field.Name, row));
            var at = 0;
            foreach (var part in parts._parts)
                numbers[at++] = clock.Part(part);
            foreach (var part in parts._cyclic)
            {
                var (first, period) = s_parts[part];
                (numbers[at], numbers[at + 1]) = Math.SinCos(2 * Math.PI * (clock.Part(part) - first) / period);
                at += 2;
            }
        }

        private static long Seconds(Column column, int row) => column.Field.Type.Kind switch
        {
            ArrowKind.Date32 => column.Values<int>()[row] * (long)SecondsPerDay,
            ArrowKind.Date64 => Floor(column.Values<long>()[row], 1000),
            _ => Floor(column.Values<long>()[row], column.Field.Type.Unit switch
            {
                ArrowTimeUnit.Second => 1,
                ArrowTimeUnit.Millisecond => 1000,
                ArrowTimeUnit.Microsecond => 1_000_000,
                _ => 1_000_000_000,
            }),
        };

        private long Offset(TimeZoneInfo zone, long seconds, string column, int row)
        {
            if (seconds < DateTimeOffset.MinValue.ToUnixTimeSeconds() || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
                throw Step.Error($"column '{column}' is outside of the years 1 to 9999 in row {row} of the batch; time zones are not defined there.");
            return (long)zone.GetUtcOffset(DateTimeOffset.FromUnixTimeSeconds(seconds)).TotalSeconds;
        }
    }

    private static long Floor(long value, long unit) => (value / unit) - (value % unit < 0 ? 1 : 0);

    /// <summary>A time by the calendar, for all years that 64 bits of seconds reach.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly struct Clock
    {
        private const int DaysPerEra = 146_097;
        private const int EpochFromMarchOfYear0 = 719_468;
        private readonly long _days;
        private readonly int _second;
        private readonly long _year;
        private readonly int _month;
        private readonly int _day;

        public Clock(long seconds)
        {
            _days = Floor(seconds, SecondsPerDay);
            _second = (int)(seconds - (_days * SecondsPerDay));
            // Years that begin in March have the leap day at their end; 400 of them are an era.
            var fromMarch = _days + EpochFromMarchOfYear0;
            var era = Floor(fromMarch, DaysPerEra);
            var day = (int)(fromMarch - (era * DaysPerEra));
            var year = (day - (day / 1460) + (day / 36_524) - (day / 146_096)) / 365;
            var dayOfYear = day - ((365 * year) + (year / 4) - (year / 100));
            var month = ((5 * dayOfYear) + 2) / 153;
            _day = dayOfYear - (((153 * month) + 2) / 5) + 1;
            _month = month < 10 ? month + 3 : month - 9;
            _year = (era * 400) + year + (_month <= 2 ? 1 : 0);
        }

        public double Part(string name) => name switch
        {
            "year" => _year,
            "quarter" => ((_month - 1) / 3) + 1,
            "month" => _month,
            "day" => _day,
            "day_of_year" => DayOfYear(),
            // Monday is 0; the first day of 1970 was a Thursday.
            "weekday" => (((_days + 3) % 7) + 7) % 7,
            "hour" => _second / 3600,
            "minute" => _second / 60 % 60,
            _ => _second % 60,
        };

        private int DayOfYear()
        {
            var leap = _year % 4 == 0 && (_year % 100 != 0 || _year % 400 == 0);
            return ((275 * _month) / 9) - (_month > 2 ? (leap ? 1 : 2) : 0) + _day - 30;
        }
    }
}
