namespace EventMl.Data.Sources.Images;

/// <summary>A decoded image: interleaved bytes, 1 channel (grey) or 3 (red, green, blue).</summary>
internal sealed record PixelImage(int Width, int Height, int Channels, byte[] Pixels)
{
    /// <summary>The bytes as models take them, one plane per channel, with so many channels.</summary>
    public byte[] Planes(int channels) => (Channels, channels) switch
    {
        (1, 1) => Pixels,
        (3, 1) => Grey(),
        (1, 3) => [.. Pixels, .. Pixels, .. Pixels],
        _ => Planar(),
    };

    // ITU-R BT.601 luma, the weights of every image library's grey conversion.
    private byte[] Grey()
    {
        var grey = new byte[Width * Height];
        for (var i = 0; i < grey.Length; i++)
        {
            grey[i] = (byte)(((Pixels[i * 3] * 299) + (Pixels[(i * 3) + 1] * 587) + (Pixels[(i * 3) + 2] * 114) + 500) / 1000);
        }

        return grey;
    }

    private byte[] Planar()
    {
        var plane = Width * Height;
        var planar = new byte[3 * plane];
        for (var i = 0; i < plane; i++)
        {
            (planar[i], planar[plane + i], planar[(2 * plane) + i]) = (Pixels[i * 3], Pixels[(i * 3) + 1], Pixels[(i * 3) + 2]);
        }

        return planar;
    }
}

/// <summary>The bytes are no image that can be read; the message says why.</summary>
internal sealed class ImageException(string message) : Exception(message);
