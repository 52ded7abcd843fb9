using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EventMl.Arrow;

namespace EventMl.Data.Quality;

/// <summary>A row that was put aside: what it was, why, and where it came from.</summary>
public sealed record QuarantinedRow
{
    /// <summary>SHA-256 of source, position and row, in hex: the same row of the same source has the same id whenever it is read.</summary>
    public required string Id { get; init; }

    /// <summary>What the row came from: a file, a query, a version of a dataset.</summary>
    public required string Source { get; init; }

    /// <summary>The row's position there, counted from 0.</summary>
    public required long Position { get; init; }

    /// <summary>The row as <see cref="RowJson"/> writes it.</summary>
    public required string Row { get; init; }

    /// <summary>Why it was put aside.</summary>
    public required IReadOnlyList<RowReason> Reasons { get; init; }

    /// <summary>A row with its id.</summary>
    public static QuarantinedRow Of(string source, long position, string row, IReadOnlyList<RowReason> reasons)
    {
        // The source's length stands first, so that no two triples make one text.
        var text = string.Create(CultureInfo.InvariantCulture, $"{source.Length}:{source}\n{position}\n{row}");
        return new QuarantinedRow { Id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))), Source = source, Position = position, Row = row, Reasons = reasons };
    }

    /// <summary>The rows of a batch that a verdict puts aside.</summary>
    public static IEnumerable<QuarantinedRow> From(RecordBatch batch, BatchVerdict verdict, string source)
    {
        for (var row = 0; row < batch.Length; row++)
        {
            if (verdict.IsQuarantined(row))
                yield return Of(source, verdict.FirstRow + row, RowJson.Row(batch, row), verdict.Reasons(row));
        }
    }
}

/// <summary>Quarantined rows as a table of Arrow: <c>id, source, position, row, reasons</c>, the last two as JSON text.</summary>
public static class QuarantineTable
{
    /// <summary>The table's columns.</summary>
    public static ArrowSchema Schema { get; } = new(
    [
        new ArrowField("id", ArrowType.Of(ArrowKind.Utf8), nullable: false), new ArrowField("source", ArrowType.Of(ArrowKind.Utf8), nullable: false),
        new ArrowField("position", ArrowType.Of(ArrowKind.Int64), nullable: false), new ArrowField("row", ArrowType.Of(ArrowKind.Utf8), nullable: false),
        new ArrowField("reasons", ArrowType.Of(ArrowKind.Utf8), nullable: false),
    ]);

    /// <summary>Rows as one batch.</summary>
    public static RecordBatch Write(IEnumerable<QuarantinedRow> rows)
    {
        var batch = new RecordBatchBuilder(Schema);
        foreach (var row in rows)
        {
            batch.Column<Utf8Builder>("id").Append(row.Id);
            batch.Column<Utf8Builder>("source").Append(row.Source);
            batch.Column<PrimitiveBuilder<long>>("position").Append(row.Position);
            batch.Column<Utf8Builder>("row").Append(row.Row);
            batch.Column<Utf8Builder>("reasons").Append(JsonSerializer.Serialize(row.Reasons, QualityJson.Compact));
        }

        return batch.Build();
    }

    /// <summary>The rows of a batch of such a table.</summary>
    /// <exception cref="FormatException">A row is damaged: it does not have the id that its content gives.</exception>
    public static IEnumerable<QuarantinedRow> Read(RecordBatch batch)
    {
        for (var i = 0; i < batch.Length; i++)
        {
            var id = batch.Column<Utf8Column>("id").GetString(i);
            QuarantinedRow row;
            try
            {
                row = QuarantinedRow.Of(
                    batch.Column<Utf8Column>("source").GetString(i)!, batch.Column("position").Values<long>()[i], batch.Column<Utf8Column>("row").GetString(i)!,
                    QualityJson.Read<List<RowReason>>(batch.Column<Utf8Column>("reasons").GetString(i)!));
            }
            catch (JsonException e)
            {
                throw new FormatException($"Quarantined row {i} has reasons that are no JSON.", e);
            }

            yield return row.Id == id ? row : throw new FormatException($"Quarantined row {i} has the id {id}; its content gives {row.Id}.");
        }
    }
}
