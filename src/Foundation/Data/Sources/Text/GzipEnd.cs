using System.Buffers.Binary;

namespace EventMl.Data.Sources.Text;

/// <summary>Watches packed bytes go by for the size that stands at their end, which the unpacker does not miss where a file was cut short.</summary>
internal sealed class GzipEnd(Stream packed) : ForwardStream
{
    private static ReadOnlySpan<byte> MemberStart => [0x1F, 0x8B, 0x08];

    private readonly byte[] _last = new byte[4];
    private int _members;

    public override int Read(Span<byte> buffer)
    {
        var read = packed.Read(buffer);
        var bytes = buffer[..read];
        for (var rest = bytes; rest.IndexOf(MemberStart) is var at and >= 0; rest = rest[(at + MemberStart.Length)..])
        {
            _members++;
        }

        if (read >= _last.Length)
        {
            bytes[^_last.Length..].CopyTo(_last);
        }
        else
        {
            _last.AsSpan(read).CopyTo(_last);
            bytes.CopyTo(_last.AsSpan(_last.Length - read));
        }

        return read;
    }

    /// <summary>Whether that many bytes are what the end announces; files of several members announce only their last one, and are not judged.</summary>
    public bool Fits(long unpacked) => _members > 1 || BinaryPrimitives.ReadUInt32LittleEndian(_last) == (uint)(unpacked & uint.MaxValue);
}
