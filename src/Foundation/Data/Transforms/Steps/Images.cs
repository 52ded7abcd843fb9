using System.Text.Json;
using EventMl.Arrow;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Steps;

/// <summary>The shape of an image in one column: bytes or numbers, channels last (hwc) or first (chw).</summary>
internal sealed record ImageShape(int Height, int Width, int Channels, bool ChannelsFirst)
{
    private const int MaxSide = 65_536;

    public int Size => checked(Height * Width * Channels);

    public static ImageShape Read(StepContext step)
    {
        step.Require(t => t.IsVector() || t.Kind == ArrowKind.FixedSizeBinary, "images: byte strings or vectors of one size");
        if (step.Fields.Count != 1)
            throw step.Error($"it works on one column of images, not on {step.Fields.Count}; make one step for each.");
        var parameters = step.Parameters;
        var shape = new ImageShape(
            Required(step, "height"), Required(step, "width"), parameters.Count("channels", 1, 1, 1024), parameters.Choice("layout", "hwc", "chw") == "chw");
        var (type, name) = (step.Fields[0].Type, step.Fields[0].Name);
        return type.Size == (long)shape.Height * shape.Width * shape.Channels
            ? shape
            : throw step.Error($"column '{name}' has {type.Size} numbers in a row, but {shape.Height} × {shape.Width} × {shape.Channels} are {(long)shape.Height * shape.Width * shape.Channels}; correct 'height', 'width' or 'channels'.");
    }

    public static int Required(StepContext step, string name) => step.Parameters.Has(name)
        ? step.Parameters.Count(name, 0, 1, MaxSide)
        : throw step.Error($"'{name}' is missing; give it in pixels.");

    /// <summary>The images of a batch as numbers; a missing one is NaN throughout.</summary>
    public static Matrix Read(StepContext step, StepBatch batch)
    {
        if (batch.Columns[0] is not FixedSizeBinaryColumn images)
            return step.Numbers(batch);
        var matrix = new Matrix(images.Length, images.ByteWidth);
        for (var row = 0; row < images.Length; row++)
        {
            var bytes = images.GetSpan(row);
            var numbers = matrix.Row(row);
            if (images.IsNull(row))
                numbers.Fill(double.NaN);
            for (var i = 0; i < bytes.Length && !images.IsNull(row); i++)
                numbers[i] = bytes[i];
        }

        return matrix;
    }

    public int Index(int y, int x, int channel) => ChannelsFirst ? (((channel * Height) + y) * Width) + x : (((y * Width) + x) * Channels) + channel;
}

/// <summary>Bilinear resizing with half-pixel centres and without antialiasing: pixel i of n lies at (i + 0.5) ÷ n.</summary>
internal sealed class ImageResize : Transform
{
    private readonly ImageShape _from;
    private readonly ImageShape _to;

    public ImageResize(StepContext step)
        : base(step)
    {
        _from = ImageShape.Read(step);
        _to = _from with { Height = ImageShape.Required(step, "to_height"), Width = ImageShape.Required(step, "to_width") };
        if ((long)_to.Height * _to.Width * _to.Channels > 1 << 26)
            throw step.Error($"an image of {_to.Height} × {_to.Width} × {_to.Channels} is too large; at most {1 << 26} numbers.");
    }

    public override FittedTransform Load(JsonElement state) => new Fitted(Step, _from, _to);

    /// <summary>For each pixel of a side the two it lies between, and how far it is from the first.</summary>
    private static (int Low, int High, double Part)[] Places(int from, int to) => [.. Enumerable.Range(0, to).Select(i =>
    {
        var at = Math.Max(0, ((i + 0.5) * ((double)from / to)) - 0.5);
        var low = Math.Min((int)at, from - 1);
        return (low, Math.Min(low + 1, from - 1), at - low);
    })];

    private sealed class Fitted(StepContext step, ImageShape from, ImageShape to) : FittedMatrix(step)
    {
        private readonly (int Low, int High, double Part)[] _rows = Places(from.Height, to.Height);
        private readonly (int Low, int High, double Part)[] _columns = Places(from.Width, to.Width);

        public override IReadOnlyList<OutputColumn> Outputs => [OutputColumn.Vector(Step.Fields[0].Name, to.Size)];

        protected override Matrix Apply(StepBatch batch)
        {
            var images = ImageShape.Read(Step, batch);
            var resized = new Matrix(images.Rows, to.Size);
            for (var row = 0; row < images.Rows; row++)
                Resize(images.Row(row), resized.Row(row));
            return resized;
        }

        private void Resize(ReadOnlySpan<double> image, Span<double> resized)
        {
            for (var y = 0; y < to.Height; y++)
            {
                var (top, bottom, down) = _rows[y];
                for (var x = 0; x < to.Width; x++)
                {
                    var (left, right, across) = _columns[x];
                    for (var c = 0; c < to.Channels; c++)
                    {
                        var above = (image[from.Index(top, left, c)] * (1 - across)) + (image[from.Index(top, right, c)] * across);
                        var below = (image[from.Index(bottom, left, c)] * (1 - across)) + (image[from.Index(bottom, right, c)] * across);
                        resized[to.Index(y, x, c)] = (above * (1 - down)) + (below * down);
                    }
                }
            }
        }
    }
}

/// <summary>x → (x × scale − mean) ÷ std, by channel.</summary>
internal sealed class ImageNormalize : Transform
{
    private readonly ImageShape _shape;
    private readonly double _scale;
    private readonly IReadOnlyList<double> _mean;
    private readonly IReadOnlyList<double> _std;

    public ImageNormalize(StepContext step)
        : base(step)
    {
        _shape = ImageShape.Read(step);
        _scale = step.Parameters.Number("scale") ?? 1.0 / byte.MaxValue;
        _mean = step.Parameters.Numbers("mean", _shape.Channels) ?? [.. Enumerable.Repeat(0.0, _shape.Channels)];
        _std = step.Parameters.Numbers("std", _shape.Channels) ?? [.. Enumerable.Repeat(1.0, _shape.Channels)];
        if (_std.Any(s => s <= 0))
            throw step.Error("every number of 'std' must be above 0.");
    }

    public override FittedTransform Load(JsonElement state) => new Fitted(Step, this);

    private sealed class Fitted(StepContext step, ImageNormalize parent) : FittedMatrix(step)
    {
        public override IReadOnlyList<OutputColumn> Outputs => [OutputColumn.Vector(Step.Fields[0].Name, parent._shape.Size)];

        protected override Matrix Apply(StepBatch batch)
        {
            var images = ImageShape.Read(Step, batch);
            var shape = parent._shape;
            for (var row = 0; row < images.Rows; row++)
            {
                var numbers = images.Row(row);
                for (var i = 0; i < numbers.Length; i++)
                {
                    var channel = shape.ChannelsFirst ? i / (shape.Height * shape.Width) : i % shape.Channels;
                    numbers[i] = ((numbers[i] * parent._scale) - parent._mean[channel]) / parent._std[channel];
                }
            }

            return images;
        }
    }
}
