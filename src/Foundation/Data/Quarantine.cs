using System.Globalization;
using System.Runtime.InteropServices;
using EventMl.Arrow;

namespace EventMl.Data;

/// <summary>Keeps bad rows in an Arrow file, and ends the work when there are more than were allowed; the file exists only when there is a bad row.</summary>
/// <param name="folder">Where <c>part-00000.arrow</c> is written; made when needed.</param>
/// <param name="task">The task, noted with every row.</param>
/// <param name="limit">How many bad rows are allowed.</param>
public sealed class Quarantine(string folder, string task, BadRowLimit limit) : IBadRowSink, IDisposable
{
    private const int RowsPerBatch = 1024;
    private const long BytesPerBatch = 16 << 20;
    private readonly RecordBatchBuilder _builder = new(Schema);
    private ArrowFileWriter? _writer;
    private long _bytes;
    private BadRow? _first;

    /// <summary>The columns of every quarantine: <c>task</c>, <c>source</c>, <c>line</c>, <c>offset</c>, <c>column</c>, <c>reason</c>, <c>raw</c>.</summary>
    public static ArrowSchema Schema { get; } = new(
    [
        new ArrowField("task", ArrowType.Of(ArrowKind.Utf8), nullable: false),
        new ArrowField("source", ArrowType.Of(ArrowKind.Utf8), nullable: false),
        new ArrowField("line", ArrowType.Of(ArrowKind.Int64)),
        new ArrowField("offset", ArrowType.Of(ArrowKind.Int64)),
        new ArrowField("column", ArrowType.Of(ArrowKind.Utf8)),
        new ArrowField("reason", ArrowType.Of(ArrowKind.Utf8), nullable: false),
        new ArrowField("raw", ArrowType.Of(ArrowKind.Binary), nullable: false),
    ]);

    /// <summary>The rows kept so far.</summary>
    public long Count { get; private set; }

    /// <inheritdoc />
    public void Add(BadRow row)
    {
        Count++;
        _first ??= row;
        _builder.Column<Utf8Builder>("task").Append(task);
        _builder.Column<Utf8Builder>("source").Append(row.Source);
        Append(_builder.Column<PrimitiveBuilder<long>>("line"), row.Line);
        Append(_builder.Column<PrimitiveBuilder<long>>("offset"), row.Offset);
        _builder.Column<Utf8Builder>("column").Append(row.Column);
        _builder.Column<Utf8Builder>("reason").Append(row.Reason);
        _builder.Column<BinaryBuilder>("raw").Append(row.Raw.Span);
        _bytes += row.Raw.Length;
        if (_builder.Length >= RowsPerBatch || _bytes >= BytesPerBatch)
        {
            Flush();
        }

        if (Count > limit.Rows)
        {
            throw TooMany($"more than max_bad_rows = {limit}");
        }
    }

    /// <summary>Judges the share of bad rows and finishes the file.</summary>
    /// <param name="goodRows">The rows that were not kept out.</param>
    /// <exception cref="SourceException">The share is larger than was allowed.</exception>
    public void Complete(long goodRows)
    {
        if (Count > limit.Share * (Count + goodRows))
        {
            throw TooMany(string.Create(CultureInfo.InvariantCulture, $"{Count} of {Count + goodRows}, more than max_bad_rows = {limit}"));
        }

        if (Count > 0)
        {
            Flush();
            _writer!.Finish();
        }

        Dispose();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _writer?.Dispose();
        _writer = null;
    }

    private SourceException TooMany(string what) => new(
        $"There are too many bad rows: {what}. The first: {_first!.Source}{(_first.Line is { } line ? $", line {line}" : "")}"
        + $"{(_first.Column is { } column ? $", column '{column}'" : "")}: {_first.Reason}. Mend the source, give other types, or allow more with max_bad_rows.");

    private void Flush()
    {
        if (_writer is null)
        {
            Directory.CreateDirectory(folder);
            _writer = ArrowFileWriter.Create(Path.Combine(folder, "part-00000.arrow"), Schema);
        }

        if (_builder.Length > 0)
        {
            _writer.Write(_builder.Build());
        }

        _bytes = 0;
    }

    private static void Append(PrimitiveBuilder<long> builder, long? value)
    {
        if (value is { } number)
        {
            builder.Append(number);
        }
        else
        {
            builder.AppendNull();
        }
    }
}

/// <summary>How many bad rows are allowed: at most <paramref name="Rows"/>, and at most <paramref name="Share"/> (0 to 1) of all rows.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct BadRowLimit(long Rows, double Share)
{
    /// <summary>Any number.</summary>
    public static BadRowLimit None { get; } = new(long.MaxValue, 1);

    /// <summary>A number of rows.</summary>
    public static BadRowLimit OfRows(long rows) => new(rows, 1);

    /// <summary>A share of all rows, 0 to 1.</summary>
    public static BadRowLimit OfShare(double share) => new(long.MaxValue, share);

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(Rows < long.MaxValue ? Rows : Share)}");
}
