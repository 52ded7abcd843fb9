using System.Text;

namespace EventMl.Data.Sources.Csv;

/// <summary>The fields of a chunk one by one.</summary>
internal static class CsvFields
{
    private const byte Quote = (byte)'"';

    /// <summary>The bytes of a field with its quotes.</summary>
    public static ReadOnlySpan<byte> Get(byte[] text, CsvIndex index, int field, bool isLast)
    {
        var (start, end) = (index.Start(field), index.Ends[field]);
        return text.AsSpan(start, end - start - (isLast && end > start && text[end - 1] == '\r' ? 1 : 0));
    }

    public static bool IsQuoted(ReadOnlySpan<byte> field) => field.Length > 0 && field[0] == Quote;

    /// <summary>What stands in the quotes; false where something stands behind them.</summary>
    /// <param name="field">The field with its quotes.</param>
    /// <param name="scratch">Room for a field with quotes inside; grown when needed.</param>
    /// <param name="value">The text.</param>
    public static bool TryUnquote(ReadOnlySpan<byte> field, ref byte[] scratch, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (field.Length < 2 || field[^1] != Quote)
        {
            return false;
        }

        var inside = field[1..^1];
        var at = inside.IndexOf(Quote);
        if (at < 0)
        {
            value = inside;
            return true;
        }

        if (scratch.Length < inside.Length)
        {
            scratch = new byte[inside.Length];
        }

        var length = 0;
        while (at >= 0)
        {
            if (at + 1 >= inside.Length || inside[at + 1] != Quote)
            {
                return false;
            }

            inside[..(at + 1)].CopyTo(scratch.AsSpan(length));
            length += at + 1;
            inside = inside[(at + 2)..];
            at = inside.IndexOf(Quote);
        }

        inside.CopyTo(scratch.AsSpan(length));
        value = scratch.AsSpan(0, length + inside.Length);
        return true;
    }

    /// <summary>The texts of a row, quotes taken off where they are right.</summary>
    public static List<string> Texts(CsvChunk chunk, int row)
    {
        var texts = new List<string>();
        var scratch = Array.Empty<byte>();
        for (var field = chunk.Index.FirstField(row); field < chunk.Index.Rows[row]; field++)
        {
            var bytes = Get(chunk.Buffer, chunk.Index, field, field == chunk.Index.Rows[row] - 1);
            texts.Add(Encoding.UTF8.GetString(IsQuoted(bytes) && TryUnquote(bytes, ref scratch, out var value) ? value : bytes));
        }

        return texts;
    }

    /// <summary>Whether a row is empty or a comment.</summary>
    public static bool IsSkipped(CsvChunk chunk, int row, byte? comment)
    {
        var index = chunk.Index;
        var first = index.FirstField(row);
        if (index.Rows[row] - first != 1)
        {
            return false;
        }

        var text = Get(chunk.Buffer, index, first, isLast: true);
        return text.IsEmpty || text[0] == comment;
    }
}
