using System.Buffers.Text;
using System.Globalization;

namespace EventMl.Jobs.Scripts;

/// <summary>One process as the kernel shows it.</summary>
/// <param name="Id">Process id.</param>
/// <param name="Parent">The process that started it, or that took it over.</param>
/// <param name="Session">Its session.</param>
/// <param name="IsZombie">It has ended and waits to be collected.</param>
/// <param name="CpuTicks">Processor time of itself and of collected children, in hundredths of a second.</param>
/// <param name="Started">When it started; with the id it names a process for good.</param>
internal readonly record struct ProcessEntry(int Id, int Parent, int Session, bool IsZombie, long CpuTicks, long Started);

/// <summary>The processes of the machine at one moment, read from <c>/proc</c>.</summary>
internal static class ProcessTable
{
    public static List<ProcessEntry> Read()
    {
        var entries = new List<ProcessEntry>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && ReadEntry(id) is { } entry)
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    /// <summary>A process and everything below it; without the process itself when it is gone.</summary>
    public static List<ProcessEntry> Tree(IReadOnlyCollection<ProcessEntry> table, IEnumerable<int> roots)
    {
        var children = table.ToLookup(e => e.Parent);
        var byId = table.ToDictionary(e => e.Id);
        var found = new List<ProcessEntry>();
        var seen = new HashSet<int>();
        var open = new Queue<int>(roots);
        while (open.TryDequeue(out var id))
        {
            if (!seen.Add(id))
            {
                continue;
            }

            if (byId.TryGetValue(id, out var entry))
            {
                found.Add(entry);
            }

            foreach (var child in children[id])
            {
                open.Enqueue(child.Id);
            }
        }

        return found;
    }

    /// <summary>Memory that a process cannot give back, in bytes: anonymous and shared memory, but not mapped files, which the kernel drops when it needs room.</summary>
    /// <param name="id">The process.</param>
    /// <param name="share">True to count pages shared by several processes in parts, which is exact and slow.</param>
    public static long Memory(int id, bool share)
    {
        try
        {
            var (file, first, second) = share ? ("smaps_rollup", "Pss_Anon:", "Pss_Shmem:") : ("status", "RssAnon:", "RssShmem:");
            long sum = 0;
            foreach (var line in File.ReadLines($"/proc/{id}/{file}"))
            {
                if (line.StartsWith(first, StringComparison.Ordinal) || line.StartsWith(second, StringComparison.Ordinal))
                {
                    sum += long.Parse(line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1).TrimEnd("kB ").Trim(), CultureInfo.InvariantCulture) * 1024;
                }
            }

            return sum;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && !share)
        {
            return 0;
        }
        catch (UnauthorizedAccessException)
        {
            return Memory(id, share: false);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static ProcessEntry? ReadEntry(int id)
    {
        Span<byte> buffer = stackalloc byte[1024];
        int length;
        try
        {
            using var file = File.OpenHandle($"/proc/{id}/stat");
            length = RandomAccess.Read(file, buffer, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone in the meantime.
            return null;
        }

        // The name stands in parentheses and may itself hold parentheses and blanks.
        var text = buffer[..length];
        var rest = text[(text.LastIndexOf((byte)')') + 2)..];
        Span<Range> fields = stackalloc Range[24];
        var count = 0;
        for (var start = 0; count < fields.Length && start < rest.Length; count++)
        {
            var end = rest[start..].IndexOf((byte)' ');
            end = end < 0 ? rest.Length : start + end;
            fields[count] = start..end;
            start = end + 1;
        }

        if (count < 20)
        {
            return null;
        }

        // Numbered as in proc(5), whose field 3 is the state.
        return new ProcessEntry(
            id, (int)Field(rest, fields, 4), (int)Field(rest, fields, 6), rest[0] is (byte)'Z' or (byte)'X',
            Field(rest, fields, 14) + Field(rest, fields, 15) + Field(rest, fields, 16) + Field(rest, fields, 17), Field(rest, fields, 22));

        static long Field(ReadOnlySpan<byte> rest, ReadOnlySpan<Range> fields, int number) => Utf8Parser.TryParse(rest[fields[number - 3]], out long value, out _) ? value : 0;
    }
}
