namespace EventMl.Data;

/// <summary>A row that was kept out, with all that is needed to find, mend and ingest it again.</summary>
/// <param name="Source">File, query or stage that it comes from.</param>
/// <param name="Line">Line in that file, or row in that query, from 1; null when it has none.</param>
/// <param name="Offset">Bytes before it in the (unpacked) file; null when it has none.</param>
/// <param name="Column">The column at fault; null when it is the row as a whole.</param>
/// <param name="Reason">Why, for a person.</param>
/// <param name="Raw">Its bytes as they stood in the source.</param>
public sealed record BadRow(string Source, long? Line, long? Offset, string? Column, string Reason, ReadOnlyMemory<byte> Raw);

/// <summary>Takes the rows that are kept out.</summary>
public interface IBadRowSink
{
    /// <summary>Keeps a row.</summary>
    /// <exception cref="SourceException">There are more bad rows than were allowed.</exception>
    void Add(BadRow row);
}
