using static EventMl.Torch.torch;

namespace EventMl.Torch.Modules;

/// <summary>y = x·Wᵀ + b over the last dimension; initialised as in PyTorch.</summary>
public sealed class Linear : nn.Module<Tensor, Tensor>
{
    internal Linear(long inputs, long outputs, bool bias) : base(nameof(Linear))
    {
        Initialisation.Positive(inputs, "in_features");
        Initialisation.Positive(outputs, "out_features");
        (weight, this.bias) = Initialisation.WeightAndBias([outputs, inputs], inputs, bias);
        RegisterComponents();
    }

    /// <summary>[out, in].</summary>
    public Parameter weight;

    /// <summary>[out], or null.</summary>
    public Parameter? bias;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => nn.functional.linear(input, weight, bias);
}

/// <summary>Two-dimensional convolution over [batch, channels, height, width]; initialised as in PyTorch.</summary>
public sealed class Conv2d : nn.Module<Tensor, Tensor>
{
    private readonly long[] _stride, _padding, _dilation;
    private readonly long _groups;

    internal Conv2d(long inputs, long outputs, (long, long) kernel, (long, long) stride, (long, long) padding, (long, long) dilation, long groups, bool bias) : base(nameof(Conv2d))
    {
        Initialisation.Positive(inputs, "in_channels");
        Initialisation.Positive(outputs, "out_channels");
        Initialisation.Positive(Math.Min(kernel.Item1, kernel.Item2), "kernel_size");
        Initialisation.Positive(groups, nameof(groups));
        if (inputs % groups != 0 || outputs % groups != 0) throw new ArgumentException($"Channels {inputs} and {outputs} must be multiples of groups {groups}.", nameof(groups));
        (_stride, _padding, _dilation, _groups) = ([stride.Item1, stride.Item2], [padding.Item1, padding.Item2], [dilation.Item1, dilation.Item2], groups);
        (weight, this.bias) = Initialisation.WeightAndBias([outputs, inputs / groups, kernel.Item1, kernel.Item2], inputs / groups * kernel.Item1 * kernel.Item2, bias);
        RegisterComponents();
    }

    /// <summary>[out, in / groups, height, width].</summary>
    public Parameter weight;

    /// <summary>[out], or null.</summary>
    public Parameter? bias;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => nn.functional.Convolve(input, weight, bias, _stride, _padding, _dilation, _groups);
}

/// <summary>The maximum of each window of [batch, channels, height, width].</summary>
public sealed class MaxPool2d : nn.Module<Tensor, Tensor>
{
    private readonly long _kernel, _stride, _padding;

    internal MaxPool2d(long kernel, long? stride, long padding) : base(nameof(MaxPool2d))
    {
        Initialisation.Positive(kernel, "kernel_size");
        (_kernel, _stride, _padding) = (kernel, stride ?? kernel, padding);
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => nn.functional.max_pool2d(input, _kernel, _stride, _padding);
}

/// <summary>Sets negative numbers to zero.</summary>
public sealed class ReLU : nn.Module<Tensor, Tensor>
{
    internal ReLU() : base(nameof(ReLU)) { }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return input.relu();
    }
}

/// <summary>Makes one dimension of several, by default all but the batch.</summary>
public sealed class Flatten : nn.Module<Tensor, Tensor>
{
    private readonly long _start, _end;

    internal Flatten(long start, long end) : base(nameof(Flatten)) => (_start, _end) = (start, end);

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return input.flatten(_start, _end);
    }
}

/// <summary>In training sets each number to zero with probability p and scales the others by 1 / (1 - p).</summary>
public sealed class Dropout : nn.Module<Tensor, Tensor>
{
    private readonly double _p;

    internal Dropout(double p) : base(nameof(Dropout)) =>
        _p = p is >= 0 and <= 1 ? p : throw new ArgumentOutOfRangeException(nameof(p), p, "A probability lies between 0 and 1.");

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => nn.functional.dropout(input, _p, training);
}

/// <summary>Normalises each channel of [batch, channels, height, width] and keeps running statistics.</summary>
public sealed class BatchNorm2d : nn.Module<Tensor, Tensor>
{
    private readonly double _eps, _momentum;

    internal BatchNorm2d(long features, double eps, double momentum) : base(nameof(BatchNorm2d))
    {
        Initialisation.Positive(features, "num_features");
        (_eps, _momentum) = (eps, momentum);
        weight = new Parameter(ones(features));
        bias = new Parameter(zeros(features));
        running_mean = zeros(features);
        running_var = ones(features);
        num_batches_tracked = zeros([], ScalarType.Int64);
        RegisterComponents();
    }

    /// <summary>Scale per channel.</summary>
    public Parameter weight;

    /// <summary>Offset per channel.</summary>
    public Parameter bias;

    /// <summary>Running mean per channel.</summary>
    public Tensor running_mean;

    /// <summary>Running variance per channel.</summary>
    public Tensor running_var;

    /// <summary>Training batches seen.</summary>
    public Tensor num_batches_tracked;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.ndim != 4) throw new TorchException($"BatchNorm2d takes [batch, channels, height, width], not {input.ndim} dimensions.");
        if (training)
        {
            using var guard = no_grad();
            using var one = ones([], ScalarType.Int64);
            num_batches_tracked.add_(one);
        }

        return nn.functional.batch_norm(input, running_mean, running_var, weight, bias, training, _momentum, _eps);
    }
}
