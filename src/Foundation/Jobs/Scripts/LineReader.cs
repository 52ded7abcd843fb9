namespace EventMl.Jobs.Scripts;

/// <summary>Takes one line without its end; the memory is valid until the task completes. True when the line was cut.</summary>
internal delegate ValueTask LineHandler(ReadOnlyMemory<byte> line, bool cut);

/// <summary>Cuts a stream of untrusted bytes into lines of bounded length.</summary>
internal static class LineReader
{
    /// <summary>Longest line kept, in bytes; the rest of a longer one is dropped.</summary>
    public const int MaxLine = 1024 * 1024;

    /// <summary>Reads to the end, or until the token fires while waiting for bytes (a process that kept the pipe open).</summary>
    /// <param name="stream">Where the bytes come from.</param>
    /// <param name="onLine">Called for each line in order.</param>
    /// <param name="onPause">Called when all lines that had arrived are handled.</param>
    /// <param name="abandon">Ends the reading.</param>
    public static async Task ReadAsync(Stream stream, LineHandler onLine, Action onPause, CancellationToken abandon)
    {
        var begun = new MemoryStream();
        var cut = false;
        while (true)
        {
            // A read that was abandoned may still write to its buffer, so each round that waits has its own.
            var buffer = new byte[64 * 1024];
            int count;
            try
            {
                count = await stream.ReadAsync(buffer, CancellationToken.None).AsTask().WaitAsync(abandon);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
            {
                count = 0;
            }

            if (count == 0)
            {
                break;
            }

            var rest = buffer.AsMemory(0, count);
            while (rest.Span.IndexOf((byte)'\n') is var end and >= 0)
            {
                if (begun.Length == 0)
                {
                    await onLine(rest[..end], false);
                }
                else
                {
                    Append(rest[..end]);
                    await FlushAsync();
                }

                rest = rest[(end + 1)..];
            }

            Append(rest);
            onPause();
        }

        if (begun.Length > 0)
        {
            await FlushAsync();
        }

        onPause();

        void Append(ReadOnlyMemory<byte> part)
        {
            var room = MaxLine - (int)begun.Length;
            cut |= part.Length > room;
            begun.Write(part.Span[..Math.Min(part.Length, room)]);
        }

        async Task FlushAsync()
        {
            await onLine(begun.GetBuffer().AsMemory(0, (int)begun.Length), cut);
            begun.SetLength(0);
            cut = false;
        }
    }
}
