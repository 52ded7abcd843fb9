using System.Numerics;
using System.Runtime.InteropServices;

namespace EventMl.Torch;

/// <summary>Turns raw samples into normalised floats, the same way in training and serving: (raw·scale − mean) / std per channel.</summary>
public sealed class Preprocess
{
    private readonly float[] _factor;
    private readonly float[] _offset;
    private readonly int _perChannel;
    private readonly float[][] _bytes;

    /// <summary>The normalisation of a model's input.</summary>
    public Preprocess(ModelInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var elements = input.Shape.Aggregate(1L, (a, b) => checked(a * b));
        SampleLength = checked((int)elements);
        Shape = [.. input.Shape];
        var channels = Math.Max(input.Mean.Count, input.Std.Count);
        _perChannel = SampleLength / channels;
        _factor = new float[channels];
        _offset = new float[channels];
        _bytes = new float[channels][];
        for (var c = 0; c < channels; c++)
        {
            double mean = input.Mean[Math.Min(c, input.Mean.Count - 1)], std = input.Std[Math.Min(c, input.Std.Count - 1)];
            _factor[c] = (float)(input.Scale / std);
            _offset[c] = (float)(-mean / std);
            // A byte has 256 values: the exact result of each in double precision costs one look-up.
            _bytes[c] = [.. Enumerable.Range(0, 256).Select(v => (float)((v * input.Scale - mean) / std))];
        }
    }

    /// <summary>Numbers per sample.</summary>
    public int SampleLength { get; }

    /// <summary>Lengths of one sample.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Normalises whole samples of bytes; both spans have the same length, a multiple of <see cref="SampleLength"/>.</summary>
    public void Apply(ReadOnlySpan<byte> raw, Span<float> normalised)
    {
        Check(raw.Length, normalised.Length);
        for (var start = 0; start < raw.Length; start += _perChannel)
        {
            var table = _bytes[start / _perChannel % _bytes.Length].AsSpan();
            var source = raw.Slice(start, _perChannel);
            var target = normalised.Slice(start, _perChannel);
            for (var i = 0; i < source.Length; i++) target[i] = table[source[i]];
        }
    }

    /// <summary>Normalises whole samples of floats on the raw scale; both spans have the same length, a multiple of <see cref="SampleLength"/>.</summary>
    public void Apply(ReadOnlySpan<float> raw, Span<float> normalised)
    {
        Check(raw.Length, normalised.Length);
        for (var start = 0; start < raw.Length; start += _perChannel)
        {
            var channel = start / _perChannel % _factor.Length;
            Scale(raw.Slice(start, _perChannel), normalised.Slice(start, _perChannel), _factor[channel], _offset[channel]);
        }
    }

    private static void Scale(ReadOnlySpan<float> raw, Span<float> normalised, float factor, float offset)
    {
        var source = MemoryMarshal.Cast<float, Vector<float>>(raw);
        var target = MemoryMarshal.Cast<float, Vector<float>>(normalised);
        for (var i = 0; i < source.Length; i++) target[i] = source[i] * factor + new Vector<float>(offset);
        for (var i = source.Length * Vector<float>.Count; i < raw.Length; i++) normalised[i] = raw[i] * factor + offset;
    }

    private void Check(int raw, int normalised)
    {
        if (raw % SampleLength != 0) throw new TorchException($"The input has {raw} numbers; samples of [{string.Join(", ", Shape)}] have {SampleLength} each.");
        if (raw != normalised) throw new ArgumentException($"The spans have different lengths, {raw} and {normalised}.", nameof(normalised));
    }
}
