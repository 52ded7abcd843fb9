using System.Runtime.InteropServices;

namespace EventMl.Data.Sources.Images;

/// <summary>Reads JPEG through libjpeg-turbo.</summary>
internal static partial class JpegDecoder
{
    private const string Library = "libturbojpeg.so.0";
    private const int FormatRgb = 0;
    private const int FormatGrey = 6;
    private const int GreySubsampling = 3;

    public static bool IsJpeg(ReadOnlySpan<byte> bytes) => bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]);

    /// <exception cref="ImageException">Damaged.</exception>
    /// <exception cref="SourceException">The library is not installed.</exception>
    public static (int Width, int Height, int Channels) ReadHeader(ReadOnlySpan<byte> bytes) => With(bytes, static (handle, file, _) => Header(handle, file), 0);

    /// <param name="bytes">The file.</param>
    /// <param name="maxPixels">More are refused before memory is taken for them.</param>
    /// <exception cref="ImageException">Damaged, or too large.</exception>
    /// <exception cref="SourceException">The library is not installed.</exception>
    public static PixelImage Decode(ReadOnlySpan<byte> bytes, long maxPixels) => With(
        bytes,
        static (handle, file, maxPixels) =>
        {
            var (width, height, channels) = Header(handle, file);
            if ((long)width * height > maxPixels)
            {
                throw new ImageException($"it has {width} × {height} pixels; at most {maxPixels} are taken");
            }

            var image = new PixelImage(width, height, channels, new byte[checked(width * height * channels)]);
            return tjDecompress2(handle, file, (nuint)file.Length, image.Pixels, width, width * channels, height, channels == 1 ? FormatGrey : FormatRgb, 0) == 0
                ? image
                : throw Damaged(handle);
        },
        maxPixels);

    private delegate T Use<T>(nint handle, ReadOnlySpan<byte> file, long maxPixels);

    private static T With<T>(ReadOnlySpan<byte> file, Use<T> use, long maxPixels)
    {
        nint handle;
        try
        {
            handle = tjInitDecompress();
        }
        catch (DllNotFoundException e)
        {
            throw new SourceException($"JPEG images need {Library}; install Debian's package libturbojpeg0, or convert the images to PNG.", e);
        }

        try
        {
            return use(handle, file, maxPixels);
        }
        finally
        {
            _ = tjDestroy(handle);
        }
    }

    private static (int Width, int Height, int Channels) Header(nint handle, ReadOnlySpan<byte> file) =>
        tjDecompressHeader3(handle, file, (nuint)file.Length, out var width, out var height, out var subsampling, out _) == 0 && width > 0 && height > 0
            ? (width, height, subsampling == GreySubsampling ? 1 : 3)
            : throw Damaged(handle);

    private static ImageException Damaged(nint handle) => new($"the JPEG is damaged: {Marshal.PtrToStringUTF8(tjGetErrorStr2(handle))}");

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint tjInitDecompress();

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int tjDestroy(nint handle);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint tjGetErrorStr2(nint handle);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int tjDecompressHeader3(nint handle, ReadOnlySpan<byte> file, nuint size, out int width, out int height, out int subsampling, out int colourSpace);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int tjDecompress2(nint handle, ReadOnlySpan<byte> file, nuint size, Span<byte> pixels, int width, int pitch, int height, int format, int flags);
}
