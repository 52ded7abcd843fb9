using System.Buffers.Binary;

namespace EventMl.Arrow.Format;

/// <summary>Unpacks the LZ4 frame format; checksums are not verified.</summary>
internal static class Lz4Frame
{
    /// <summary>No LZ4 block unpacks to more than this many times its size.</summary>
    public const int MaxRatio = 255;

    private const uint Magic = 0x184D2204;

    public static byte[] Decode(ReadOnlySpan<byte> frame, int length, string column)
    {
        try
        {
            var output = new byte[length];
            return DecodeFrame(frame, output) == length ? output : throw Damaged(column, "it unpacks to another length than it says");
        }
        catch (Exception e) when (e is IndexOutOfRangeException or ArgumentOutOfRangeException or ArgumentException or OverflowException)
        {
            throw Damaged(column, "it ends early or refers outside its output", e);
        }
    }

    private static ArrowFormatException Damaged(string column, string why, Exception? inner = null) =>
        new($"The LZ4 data of column '{column}' are damaged: {why}.", inner);

    private static int DecodeFrame(ReadOnlySpan<byte> frame, Span<byte> output)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(frame) != Magic)
            throw new ArgumentException("no LZ4 frame", nameof(frame));
        var flags = frame[4];
        var hasBlockChecksum = (flags & 0x10) != 0;
        frame = frame[(7 + ((flags & 0x08) != 0 ? 8 : 0) + ((flags & 0x01) != 0 ? 4 : 0))..];
        var written = 0;
        while (true)
        {
            var header = BinaryPrimitives.ReadUInt32LittleEndian(frame);
            frame = frame[4..];
            if (header == 0)
                return written;
            var block = frame[..(int)(header & 0x7FFFFFFF)];
            if ((header & 0x80000000) == 0)
            {
                written = DecodeBlock(block, output, written);
            }
            else
            {
                block.CopyTo(output[written..]);
                written += block.Length;
            }

            frame = frame[(block.Length + (hasBlockChecksum ? 4 : 0))..];
        }
    }

    private static int DecodeBlock(ReadOnlySpan<byte> block, Span<byte> output, int written)
    {
        var position = 0;
        while (true)
        {
            var token = block[position++];
            var literals = ExtendedLength(block, token >> 4, ref position);
            block.Slice(position, literals).CopyTo(output[written..]);
            position += literals;
            written += literals;
            if (position == block.Length)
                return written;
            var distance = BinaryPrimitives.ReadUInt16LittleEndian(block[position..]);
            position += 2;
            var match = checked(ExtendedLength(block, token & 15, ref position) + 4);
            if (distance == 0)
                throw new ArgumentException("distance 0", nameof(block));
            var source = output[(written - distance)..];
            var target = output.Slice(written, match);
            // A match may overlap what it writes: that is how runs are packed.
            if (distance >= match)
                source[..match].CopyTo(target);
            else
                for (var i = 0; i < match; i++)
                    target[i] = source[i];
            written += match;
        }
    }

    private static int ExtendedLength(ReadOnlySpan<byte> block, int length, ref int position)
    {
        if (length != 15)
            return length;
        byte more;
        do
        {
            more = block[position++];
            length = checked(length + more);
        }
        while (more == 255);
        return length;
    }
}
