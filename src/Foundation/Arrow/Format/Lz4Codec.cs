using System.Buffers.Binary;

namespace EventMl.Arrow.Format;

/// <summary>LZ4 frames: independent blocks of up to 4 MiB, with the size of the content.</summary>
internal sealed class Lz4Codec : BufferCodec
{
    private const uint Magic = 0x184D2204;
    private const uint RawBlock = 0x80000000;
    private const int BlockSize = 4 << 20;
    private const int HeaderSize = 15;
    private const byte OwnFlags = Version | Independent | HasSize;
    private const byte BlockSizeCode = 0x70;
    private const byte Version = 0x40;
    private const byte Independent = 0x20;
    private const byte HasBlockChecksum = 0x10;
    private const byte HasSize = 0x08;
    private const byte HasChecksum = 0x04;
    private const byte HasDictionary = 0x01;

    public override string Name => "LZ4";

    public override byte Code => 0;

    public override long MaxRatio => 255;

    public override void Unpack(ReadOnlySpan<byte> packed, Span<byte> plain, string column)
    {
        if (TryUnpack(packed, plain) is { } fault)
            throw new ArrowFormatException($"The LZ4 data of column '{column}' are damaged: {fault}.");
    }

    public override int Bound(int plain) => checked(HeaderSize + 4 + plain + (plain / 255) + (((plain / BlockSize) + 1) * 20));

    public override int Pack(ReadOnlySpan<byte> plain, Span<byte> packed)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(packed, Magic);
        packed[4] = OwnFlags;
        packed[5] = BlockSizeCode;
        BinaryPrimitives.WriteInt64LittleEndian(packed[6..], plain.Length);
        packed[14] = (byte)(XxHash32.Hash(packed[4..14]) >> 8);
        var at = HeaderSize;
        while (!plain.IsEmpty)
        {
            var block = plain[..Math.Min(BlockSize, plain.Length)];
            plain = plain[block.Length..];
            var size = Lz4Block.Pack(block, packed[(at + 4)..]);
            var isRaw = size >= block.Length;
            if (isRaw)
            {
                block.CopyTo(packed[(at + 4)..]);
                size = block.Length;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(packed[at..], (uint)size | (isRaw ? RawBlock : 0));
            at += 4 + size;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(packed[at..], 0);
        return at + 4;
    }

    /// <summary>Fills the output, or says what is wrong.</summary>
    private static string? TryUnpack(ReadOnlySpan<byte> frame, Span<byte> output)
    {
        if (frame.Length < 7 || BinaryPrimitives.ReadUInt32LittleEndian(frame) != Magic)
            return "they do not begin as an LZ4 frame";
        var flags = frame[4];
        if ((flags & 0xC0) != Version || (flags & HasDictionary) != 0)
            return "their frame is of a version or kind that is not known";
        var header = 6 + ((flags & HasSize) != 0 ? 8 : 0);
        if (frame.Length < header + 1 || frame[header] != (byte)(XxHash32.Hash(frame[4..header]) >> 8))
            return "the checksum of their header is wrong";
        frame = frame[(header + 1)..];
        var written = 0;
        while (true)
        {
            if (frame.Length < 4)
                return "they end early";
            var word = BinaryPrimitives.ReadUInt32LittleEndian(frame);
            frame = frame[4..];
            if (word == 0)
                break;
            var size = word & ~RawBlock;
            var trailer = (flags & HasBlockChecksum) != 0 ? 4 : 0;
            if (size + (long)trailer > frame.Length)
                return "they end early";
            var block = frame[..(int)size];
            if (trailer != 0 && BinaryPrimitives.ReadUInt32LittleEndian(frame[(int)size..]) != XxHash32.Hash(block))
                return "the checksum of a block is wrong";
            frame = frame[((int)size + trailer)..];
            if ((word & RawBlock) == 0)
            {
                written = Lz4Block.Unpack(block, output, written);
                if (written < 0)
                    return "a block ends early or refers outside its output";
            }
            else if (block.TryCopyTo(output[written..]))
            {
                written += block.Length;
            }
            else
            {
                return "they are longer than announced";
            }
        }

        if (written != output.Length)
            return $"they unpack to {written} bytes; {output.Length} are announced";
        if ((flags & HasChecksum) != 0 && (frame.Length < 4 || BinaryPrimitives.ReadUInt32LittleEndian(frame) != XxHash32.Hash(output)))
            return "their checksum is wrong";
        return null;
    }
}
