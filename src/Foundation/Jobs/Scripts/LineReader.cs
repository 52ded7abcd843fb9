namespace EventMl.Jobs.Scripts;

/// <summary>Cuts a stream of untrusted bytes into lines of bounded length.</summary>
internal static class LineReader
{
    /// <summary>Longest line kept, in bytes; the rest of a longer one is dropped.</summary>
    public const int MaxLine = 1024 * 1024;

    /// <summary>Reads to the end, or until the token fires while waiting for bytes (a process that kept the pipe open).</summary>
    public static async Task ReadAsync(Stream stream, Func<byte[], bool, Task> onLine, CancellationToken abandon)
    {
        var line = new MemoryStream();
        var cut = false;
        while (true)
        {
            // A read that was abandoned may still write to its buffer, so each round that waits has its own.
            var buffer = new byte[16 * 1024];
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
                Append(rest[..end]);
                await FlushAsync();
                rest = rest[(end + 1)..];
            }

            Append(rest);
        }

        if (line.Length > 0)
        {
            await FlushAsync();
        }

        void Append(ReadOnlyMemory<byte> part)
        {
            var room = MaxLine - (int)line.Length;
            cut |= part.Length > room;
            line.Write(part.Span[..Math.Min(part.Length, room)]);
        }

        async Task FlushAsync()
        {
            await onLine(line.ToArray(), cut);
            line.SetLength(0);
            cut = false;
        }
    }
}
