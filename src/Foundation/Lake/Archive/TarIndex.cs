using System.Globalization;
using System.Text;

namespace EventMl.Lake.Archive;

/// <summary>One file of a tar archive: its name and where its bytes lie.</summary>
internal sealed record TarFile(string Name, long Offset, long Length);

/// <summary>The files of a tar archive (ustar or pax) by its headers alone; nothing of what they say is trusted, and memory stays bounded.</summary>
internal sealed class TarIndex(Stream archive, int maxFiles)
{
    private const int Block = 512;

    // A path and a size; more is nothing that an export writes.
    private const int MaxPax = 16 * 1024;

    private readonly byte[] _block = new byte[Block];

    /// <exception cref="LakeException">It is no such archive, it is cut off, or it holds what no export writes.</exception>
    public async Task<IReadOnlyList<TarFile>> ReadAsync(CancellationToken ct)
    {
        var files = new List<TarFile>();
        (string? Path, long? Size) pax = default;
        for (long at = 0; await ReadBlockAsync(at, ct);)
        {
            at += Block;
            if (_block.AsSpan().IndexOfAnyExcept((byte)0) < 0)
                return files;
            CheckHeader(at - Block);
            var (type, size) = ((char)_block[156], pax.Size ?? Octal(_block.AsSpan(124, 12), at));
            if (at + size > archive.Length)
                throw Broken($"it is cut off: the entry at byte {at - Block} needs {size} bytes, and {archive.Length - at} are left");
            if (type == 'x')
                pax = await PaxAsync(at, size, ct);
            else if (type is '0' or '\0')
            {
                files.Add(new TarFile(pax.Path ?? Name(), at, size));
                pax = default;
                if (files.Count > maxFiles)
                    throw Broken($"it holds more than {maxFiles} files");
            }
            else
                throw Broken($"the entry '{Shown(pax.Path ?? Name())}' is neither a file nor its header (type '{(char.IsAsciiLetterOrDigit(type) ? type : '?')}'); an export has plain files only");
            at += (size + Block - 1) / Block * Block;
        }

        throw Broken("it ends without the end mark of a tar archive");
    }

    public static string Shown(string text) => new([.. text.Take(160).Select(c => char.IsControl(c) ? '?' : c)]);

    private static LakeException Broken(string why) => new($"The archive cannot be imported: {why}. Export the dataset again.");

    private async Task<bool> ReadBlockAsync(long at, CancellationToken ct)
    {
        archive.Position = at;
        return await archive.ReadAtLeastAsync(_block, Block, throwOnEndOfStream: false, ct) == Block;
    }

    private void CheckHeader(long at)
    {
        var sum = 0L;
        for (var i = 0; i < Block; i++)
            sum += i is >= 148 and < 156 ? ' ' : _block[i];
        if (sum != Octal(_block.AsSpan(148, 8), at))
            throw Broken($"the bytes at {at} are no header of a tar archive");
    }

    private string Name()
    {
        var name = Text(_block.AsSpan(0, 100));
        var prefix = _block.AsSpan(257, 5).SequenceEqual("ustar"u8) ? Text(_block.AsSpan(345, 155)) : "";
        return prefix.Length == 0 ? name : $"{prefix}/{name}";
    }

    private async Task<(string?, long?)> PaxAsync(long at, long size, CancellationToken ct)
    {
        if (size > MaxPax)
            throw Broken($"a header at byte {at} is {size} bytes long; {MaxPax} are allowed");
        var bytes = new byte[size];
        archive.Position = at;
        await archive.ReadExactlyAsync(bytes, ct);
        (string? Path, long? Size) found = default;
        // Each record is "LENGTH KEY=VALUE\n", the length counting all of it.
        for (var rest = bytes.AsMemory(); rest.Length > 0;)
        {
            var space = rest.Span.IndexOf((byte)' ');
            if (space < 1 || !int.TryParse(rest.Span[..space], NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length <= space + 1 || length > rest.Length)
                throw Broken($"the header at byte {at} is damaged");
            var record = Text(rest.Span[(space + 1)..(length - 1)]).Split('=', 2);
            if (record is ["path", var path])
                found.Path = path;
            else if (record is ["size", var text])
                found.Size = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : throw Broken($"the size '{Shown(text)}' is no number");
            rest = rest[length..];
        }

        return found;
    }

    private static long Octal(ReadOnlySpan<byte> field, long at)
    {
        long value = 0;
        foreach (var digit in field.Trim(" \0"u8))
            value = digit is >= (byte)'0' and <= (byte)'7' ? (value << 3) | (uint)(digit - '0') : throw Broken($"a number in the header at byte {at} is damaged");
        return value;
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }
}
