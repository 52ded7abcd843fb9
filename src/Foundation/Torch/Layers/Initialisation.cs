using EventMl.Torch.Interop;
using static EventMl.Torch.torch;

namespace EventMl.Torch.Modules;

/// <summary>PyTorch's initial weights: the same seed gives the same numbers.</summary>
internal static class Initialisation
{
    public static (Parameter Weight, Parameter? Bias) WeightAndBias(long[] shape, long fanIn, bool bias)
    {
        var weight = empty(shape);
        Native.Check(Native.em_init_kaiming_uniform(weight.Handle, Math.Sqrt(5)));
        if (!bias) return (new Parameter(weight), null);
        var offsets = empty(shape[0]);
        var bound = 1 / Math.Sqrt(fanIn);
        Native.Check(Native.em_init_uniform(offsets.Handle, -bound, bound));
        return (new Parameter(weight), new Parameter(offsets));
    }

    public static void Positive(long value, string name)
    {
        if (value <= 0) throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least 1.");
    }
}
