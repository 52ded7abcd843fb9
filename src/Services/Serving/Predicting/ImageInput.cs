namespace EventMl.Serving.Predicting;

/// <summary>Turns a base64 image (PNG, or the raw bytes of one sample) into the bytes a model takes.</summary>
internal static class ImageInput
{
    /// <exception cref="InvalidInputException">Not base64, or not the size or channels the model takes.</exception>
    public static byte[] Decode(RunningModel model, string? base64)
    {
        if (string.IsNullOrEmpty(base64))
        {
            throw new InvalidInputException("'image' is missing; give a PNG or raw bytes in base64.");
        }

        byte[] bytes;
        try
        {
            bytes = Convert.FromBase64String(base64.StartsWith("data:", StringComparison.Ordinal) ? base64[(base64.IndexOf(',', StringComparison.Ordinal) + 1)..] : base64);
        }
        catch (FormatException e)
        {
            throw new InvalidInputException("'image' is not base64.", e);
        }

        if (model.Definition.Input.Dtype != "uint8")
        {
            throw new InvalidInputException($"Model '{model.Name}' takes {model.Definition.Input.Dtype}, not images; send numbers to :predict instead.");
        }

        return PngImage.IsPng(bytes) ? FromPng(model, bytes)
            : bytes.Length == model.SampleLength ? bytes
            : throw new InvalidInputException($"'image' has {bytes.Length} bytes; model '{model.Name}' takes a PNG or {model.SampleLength} raw bytes for shape [{Shape(model)}].");
    }

    private static byte[] FromPng(RunningModel model, byte[] bytes)
    {
        var shape = model.Definition.Input.Shape;
        var (channels, height, width) = shape.Count switch
        {
            3 => (shape[0], shape[1], shape[2]),
            2 => (1, shape[0], shape[1]),
            _ => throw new InvalidInputException($"Model '{model.Name}' takes shape [{Shape(model)}], which is not an image."),
        };
        // Checked before decoding: a few bytes may claim millions of pixels.
        var png = PngImage.Decode(bytes, (w, h) =>
        {
            if (w != width || h != height)
            {
                throw new InvalidInputException($"The image is {w} x {h}; model '{model.Name}' takes {width} x {height}.");
            }
        });
        return (png.Channels, channels) switch
        {
            (1, 1) => png.Pixels,
            (3, 1) => Grey(png.Pixels),
            (3, 3) => Planar(png.Pixels),
            (1, 3) => [.. png.Pixels, .. png.Pixels, .. png.Pixels],
            _ => throw new InvalidInputException($"Model '{model.Name}' takes {channels} channels; the image has {png.Channels}."),
        };
    }

    // ITU-R BT.601 luma, the weights of every image library's grey conversion.
    private static byte[] Grey(byte[] rgb)
    {
        var grey = new byte[rgb.Length / 3];
        for (var i = 0; i < grey.Length; i++)
        {
            grey[i] = (byte)(((rgb[i * 3] * 299) + (rgb[(i * 3) + 1] * 587) + (rgb[(i * 3) + 2] * 114) + 500) / 1000);
        }

        return grey;
    }

    private static byte[] Planar(byte[] rgb)
    {
        var plane = rgb.Length / 3;
        var planar = new byte[rgb.Length];
        for (var i = 0; i < plane; i++)
        {
            (planar[i], planar[plane + i], planar[(2 * plane) + i]) = (rgb[i * 3], rgb[(i * 3) + 1], rgb[(i * 3) + 2]);
        }

        return planar;
    }

    private static string Shape(RunningModel model) => string.Join(", ", model.Definition.Input.Shape);
}
