using EventMl.Data.Sources.Text;

namespace EventMl.Data.Sources.Csv;

/// <summary>How a CSV or TSV text is read.</summary>
public sealed record CsvOptions : TextOptions
{
    /// <summary>The byte between fields.</summary>
    public byte Delimiter { get; init; } = (byte)',';

    /// <summary>Whether the first row names the columns.</summary>
    public bool HasHeader { get; init; } = true;

    /// <summary>The columns' names instead of the header's, or <c>column_1</c> and so on where there is none.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>Words that mean null, beside the empty field; a quoted field is never null.</summary>
    public IReadOnlyList<string> NullWords { get; init; } = [];

    /// <summary>Rows that begin with this byte are skipped.</summary>
    public byte? Comment { get; init; }
}
