namespace EventMl.Data.Sources.Images;

/// <summary>How a folder of images is read.</summary>
public sealed record ImageOptions
{
    /// <summary>Whether <c>image</c> holds the files' own bytes instead of pixels.</summary>
    public bool KeepEncoded { get; init; }

    /// <summary>The width every image must have; the first image's when absent.</summary>
    public int? Width { get; init; }

    /// <summary>The height every image must have; the first image's when absent.</summary>
    public int? Height { get; init; }

    /// <summary>1 for grey, 3 for RGB: pixels are converted to it; when absent, every image must have the first one's.</summary>
    public int? Channels { get; init; }

    /// <summary>The classes in the order of their numbers; when absent, the subfolders in ordinal order, or the numbers they are named by.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>The largest file taken, in bytes.</summary>
    public long MaxFileBytes { get; init; } = 64 << 20;

    /// <summary>The most pixels of one image.</summary>
    public long MaxPixels { get; init; } = 64 << 20;

    /// <summary>Bytes of images that become one batch.</summary>
    public long BatchBytes { get; init; } = 8 << 20;
}
