using System.Globalization;
using System.Text;
using EventMl.Arrow;

namespace EventMl.Data.Sources.Images;

/// <summary>
/// A folder of PNG and JPEG files, labelled by the subfolder they are in: <c>image</c> (pixels, one plane per channel, or the file's own bytes),
/// <c>label</c> (int64, null where there are no subfolders), <c>label_name</c>, <c>width</c>, <c>height</c>, <c>channels</c> and <c>file</c>.
/// </summary>
public sealed class ImageSource : IBatchSource
{
    private const int MaxBatchRows = 16_384;
    private static readonly string[] _endings = [".png", ".jpg", ".jpeg"];
    private readonly IReadOnlyList<ImageFile> _files;
    private readonly ImageOptions _options;
    private readonly IBadRowSink _badRows;
    private readonly (int Width, int Height, int Channels) _shape;
    private long _done;

    private ImageSource(IReadOnlyList<ImageFile> files, ImageOptions options, IBadRowSink badRows)
    {
        (_files, _options, _badRows) = (files, options, badRows);
        _shape = options is { Width: { } width, Height: { } height, Channels: { } channels } ? (width, height, channels) : FirstShape(files, options);
        Dictionary<string, string> shape = new(StringComparer.Ordinal)
        {
            ["shape"] = string.Create(CultureInfo.InvariantCulture, $"{(_shape.Channels == 3 ? "3," : "")}{_shape.Height},{_shape.Width}"),
            ["dtype"] = "uint8",
        };
        Schema = new ArrowSchema(
        [
            new ArrowField("image", ArrowType.Of(ArrowKind.Binary), nullable: false, options.KeepEncoded ? null : shape),
            new ArrowField("label", ArrowType.Of(ArrowKind.Int64)),
            new ArrowField("label_name", ArrowType.Of(ArrowKind.Utf8)),
            new ArrowField("width", ArrowType.Of(ArrowKind.Int32), nullable: false),
            new ArrowField("height", ArrowType.Of(ArrowKind.Int32), nullable: false),
            new ArrowField("channels", ArrowType.Of(ArrowKind.Int32), nullable: false),
            new ArrowField("file", ArrowType.Of(ArrowKind.Utf8), nullable: false),
        ]);
    }

    /// <inheritdoc />
    public ArrowSchema Schema { get; }

    /// <inheritdoc />
    public SourceProgress Progress => new(Interlocked.Read(ref _done), _files.Count, "images");

    /// <summary>The images of a folder and of its direct subfolders, in ordinal order.</summary>
    /// <exception cref="SourceException">There are none, or the first cannot be read.</exception>
    public static ImageSource Open(string folder, ImageOptions options, IBadRowSink badRows)
    {
        if (!Directory.Exists(folder))
        {
            throw new SourceException($"The input {folder} is no folder; images are read from a folder with one subfolder for each class.");
        }

        if (options.Channels is not (null or 1 or 3))
        {
            throw new SourceException("'channels' must be 1 (grey) or 3 (RGB).");
        }

        var files = Find(folder, options);
        return files.Count > 0 ? new ImageSource(files, options, badRows) : throw new SourceException($"The folder {folder} has no file that ends in {string.Join(", ", _endings)}, nor has a subfolder.");
    }

    /// <inheritdoc />
    public IEnumerable<RecordBatch> Read(CancellationToken cancellationToken)
    {
        var builder = new RecordBatchBuilder(Schema);
        var bytes = 0L;
        foreach (var file in _files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bytes += Append(file, builder);
            Interlocked.Increment(ref _done);
            if (bytes >= _options.BatchBytes || builder.Length >= MaxBatchRows)
            {
                bytes = 0;
                yield return builder.Build();
            }
        }

        if (builder.Length > 0)
        {
            yield return builder.Build();
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // Files are opened one at a time.
    }

    private long Append(ImageFile file, RecordBatchBuilder builder)
    {
        byte[] bytes = [];
        try
        {
            bytes = Load(file.Path, _options);
            var (width, height, channels) = Header(bytes);
            if (file.LabelName is { } name && file.Label is null)
            {
                throw new ImageException($"its folder '{name}' is none of the 'labels'");
            }

            if (!_options.KeepEncoded && (width, height) != (_shape.Width, _shape.Height))
            {
                throw new ImageException($"it has {width} × {height} pixels; {_shape.Width} × {_shape.Height} are expected");
            }

            if (!_options.KeepEncoded && _options.Channels is null && channels != _shape.Channels)
            {
                throw new ImageException($"it is {(channels == 1 ? "grey" : "coloured")}, unlike the first; set 'channels' to convert all of them");
            }

            var image = _options.KeepEncoded ? bytes : Decode(bytes, _options.MaxPixels).Planes(channels = _shape.Channels);
            builder.Column<BinaryBuilder>("image").Append(image);
            Append(builder.Column<PrimitiveBuilder<long>>("label"), file.Label);
            builder.Column<Utf8Builder>("label_name").Append(file.LabelName);
            builder.Column<PrimitiveBuilder<int>>("width").Append(width);
            builder.Column<PrimitiveBuilder<int>>("height").Append(height);
            builder.Column<PrimitiveBuilder<int>>("channels").Append(channels);
            builder.Column<Utf8Builder>("file").Append(file.Name);
            return image.Length;
        }
        catch (ImageException e)
        {
            _badRows.Add(new BadRow(file.Name, null, null, "image", e.Message, bytes));
            return 0;
        }
    }

    private static void Append(PrimitiveBuilder<long> builder, long? label)
    {
        if (label is { } value)
        {
            builder.Append(value);
        }
        else
        {
            builder.AppendNull();
        }
    }

    private static List<ImageFile> Find(string folder, ImageOptions options)
    {
        string[] folders = [.. Directory.EnumerateDirectories(folder).Where(d => !File.GetAttributes(d).HasFlag(FileAttributes.ReparsePoint)).Order(StringComparer.Ordinal)];
        string[] names = [.. folders.Select(f => Path.GetFileName(f))];
        var numbered = options.Labels is null && names.All(n => n.Length < 10 && n.Length > 0 && n.All(char.IsAsciiDigit));
        var found = new List<ImageFile>();
        found.AddRange(Files(folder).Select(f => new ImageFile(f, Path.GetFileName(f), null, null)));
        for (var i = 0; i < folders.Length; i++)
        {
            var place = options.Labels is { } labels ? labels.ToList().IndexOf(names[i]) : i;
            long? label = numbered ? long.Parse(names[i], CultureInfo.InvariantCulture) : place >= 0 ? place : null;
            found.AddRange(Files(folders[i]).Select(f => new ImageFile(f, $"{names[i]}/{Path.GetFileName(f)}", names[i], label)));
        }

        return found;
    }

    private static IEnumerable<string> Files(string folder) => Directory.EnumerateFiles(folder)
        .Where(f => _endings.Any(e => f.EndsWith(e, StringComparison.OrdinalIgnoreCase)) && !File.GetAttributes(f).HasFlag(FileAttributes.ReparsePoint)).Order(StringComparer.Ordinal);

    private static (int Width, int Height, int Channels) FirstShape(IReadOnlyList<ImageFile> files, ImageOptions options)
    {
        foreach (var file in files)
        {
            try
            {
                var (width, height, channels) = Header(Load(file.Path, options));
                return (options.Width ?? width, options.Height ?? height, options.Channels ?? channels);
            }
            catch (ImageException)
            {
                // It will be a bad row; another one decides.
            }
        }

        throw new SourceException("None of the images can be read; are they PNG or JPEG?");
    }

    private static byte[] Load(string path, ImageOptions options)
    {
        try
        {
            return new FileInfo(path).Length <= options.MaxFileBytes
                ? File.ReadAllBytes(path)
                : throw new ImageException($"the file is larger than {options.MaxFileBytes} bytes");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageException($"the file cannot be read: {e.Message}");
        }
    }

    private static (int Width, int Height, int Channels) Header(byte[] bytes) =>
        PngDecoder.IsPng(bytes) ? PngDecoder.ReadHeader(bytes) is var png ? (png.Width, png.Height, png.IsGrey ? 1 : 3) : default
        : JpegDecoder.IsJpeg(bytes) ? JpegDecoder.ReadHeader(bytes)
        : throw new ImageException(bytes.Length == 0 ? "the file is empty" : $"it is neither PNG nor JPEG; it begins with {Encoding.ASCII.GetString(bytes.AsSpan(0, Math.Min(4, bytes.Length)).ToArray().Select(b => b is > 31 and < 127 ? b : (byte)'?').ToArray())}");

    private static PixelImage Decode(byte[] bytes, long maxPixels) => PngDecoder.IsPng(bytes) ? PngDecoder.Decode(bytes, maxPixels) : JpegDecoder.Decode(bytes, maxPixels);

    private sealed record ImageFile(string Path, string Name, string? LabelName, long? Label);
}
