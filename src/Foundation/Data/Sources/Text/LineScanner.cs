namespace EventMl.Data.Sources.Text;

/// <summary>Cuts a text into chunks of whole lines.</summary>
internal sealed class LineScanner(TextInput input, TextOptions options) : TextScanner<TextChunk>(input, options)
{
    protected override (TextChunk? Chunk, int Used) Cut(byte[] buffer, int length, bool isEnd, bool mustGive, long offset, long line)
    {
        var used = isEnd ? length : buffer.AsSpan(0, length).LastIndexOf((byte)'\n') + 1;
        return used == 0 ? (null, 0) : (new TextChunk(Input.Name, buffer, used, offset, line), used);
    }
}
