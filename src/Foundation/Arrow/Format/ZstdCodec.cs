using System.Runtime.InteropServices;

namespace EventMl.Arrow.Format;

/// <summary>ZSTD frames by the system's libzstd.</summary>
internal sealed unsafe class ZstdCodec : BufferCodec
{
    // What Arrow's other implementations use: most of the gain at little cost.
    private const int Level = 1;

    private static readonly string[] s_names = ["libzstd.so.1", "libzstd.1.dylib", "libzstd.dll"];
    private static readonly Library? s_library = Library.Find();

    /// <summary>What to do about a library that is not there, or null.</summary>
    public static string? Missing => s_library is null ? "The library libzstd is not installed: install the package libzstd1, or write the data uncompressed or with LZ4." : null;

    public override string Name => "ZSTD";

    public override byte Code => 1;

    // A run of one byte fills a block of 128 KiB from 4 bytes.
    public override long MaxRatio => 1 << 16;

    public override void Unpack(ReadOnlySpan<byte> packed, Span<byte> plain, string column)
    {
        nuint written;
        fixed (byte* from = packed)
        fixed (byte* to = plain)
            written = s_library!.Decompress(to, (nuint)plain.Length, from, (nuint)packed.Length);
        if (s_library.IsError(written) != 0)
            throw new ArrowFormatException($"The ZSTD data of column '{column}' are damaged: {Marshal.PtrToStringUTF8(s_library.ErrorName(written))}.");
        if (written != (nuint)plain.Length)
            throw new ArrowFormatException($"The ZSTD data of column '{column}' unpack to {written} bytes; {plain.Length} are announced.");
    }

    public override int Bound(int plain) => checked((int)s_library!.CompressBound((nuint)plain));

    public override int Pack(ReadOnlySpan<byte> plain, Span<byte> packed)
    {
        nuint written;
        fixed (byte* from = plain)
        fixed (byte* to = packed)
            written = s_library!.Compress(to, (nuint)packed.Length, from, (nuint)plain.Length, Level);
        return s_library.IsError(written) == 0
            ? checked((int)written)
            : throw new InvalidOperationException($"libzstd did not compress: {Marshal.PtrToStringUTF8(s_library.ErrorName(written))}.");
    }

    private sealed class Library(nint handle)
    {
        public readonly delegate* unmanaged<byte*, nuint, byte*, nuint, nuint> Decompress =
            (delegate* unmanaged<byte*, nuint, byte*, nuint, nuint>)NativeLibrary.GetExport(handle, "ZSTD_decompress");

        public readonly delegate* unmanaged<byte*, nuint, byte*, nuint, int, nuint> Compress =
            (delegate* unmanaged<byte*, nuint, byte*, nuint, int, nuint>)NativeLibrary.GetExport(handle, "ZSTD_compress");

        public readonly delegate* unmanaged<nuint, nuint> CompressBound = (delegate* unmanaged<nuint, nuint>)NativeLibrary.GetExport(handle, "ZSTD_compressBound");

        public readonly delegate* unmanaged<nuint, uint> IsError = (delegate* unmanaged<nuint, uint>)NativeLibrary.GetExport(handle, "ZSTD_isError");

        public readonly delegate* unmanaged<nuint, nint> ErrorName = (delegate* unmanaged<nuint, nint>)NativeLibrary.GetExport(handle, "ZSTD_getErrorName");

        public static Library? Find()
        {
            foreach (var name in s_names)
            {
                if (NativeLibrary.TryLoad(name, out var handle))
                    return new Library(handle);
            }

            return null;
        }
    }
}
