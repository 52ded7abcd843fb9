namespace EventMl.Torch;

/// <summary>Follows the shape of one sample through the layers, so that a bad definition fails before any tensor is made.</summary>
internal static class ModelValidation
{
    private const long MaxElements = 1L << 31;
    private const int MaxLayers = 1024;

    private static readonly Dictionary<string, string[]> Members = new(StringComparer.Ordinal)
    {
        ["linear"] = ["in_features", "out_features", "bias"],
        ["conv2d"] = ["in_channels", "out_channels", "kernel_size", "stride", "padding", "bias"],
        ["max_pool2d"] = ["kernel_size", "stride", "padding"],
        ["relu"] = [],
        ["flatten"] = [],
        ["dropout"] = ["p"],
        ["batch_norm2d"] = ["num_features"],
    };

    public static void Validate(ModelDefinition model)
    {
        if (model.Format != ModelDefinition.CurrentFormat) throw Bad("format", $"is '{model.Format}', this version reads '{ModelDefinition.CurrentFormat}'");
        if (model.Layers is not { Count: > 0 and <= MaxLayers }) throw Bad("layers", $"must hold 1 to {MaxLayers} layers");
        ValidateInput(model.Input);
        ValidateOutput(model.Output);
        var shape = model.Input.Shape.ToArray();
        for (var i = 0; i < model.Layers.Count; i++) shape = After(model.Layers[i], i, shape);
        if (shape.Length != 1 || shape[0] != model.Output.Classes)
            throw Bad("output.classes", $"is {model.Output.Classes}, but the last layer gives {Text(shape)} per sample");
    }

    private static void ValidateInput(ModelInput input)
    {
        if (input is null) throw Bad("input", "is missing");
        if (string.IsNullOrWhiteSpace(input.Name)) throw Bad("input.name", "must not be empty");
        if (input.Shape is not { Count: > 0 and <= 4 } || input.Shape.Any(n => n is < 1 or > 1 << 20) || Elements(input.Shape) > 1 << 28)
            throw Bad("input.shape", "must be 1 to 4 lengths of at least 1, at most 2^28 elements together");
        if (input.Dtype is not ("uint8" or "float32")) throw Bad("input.dtype", $"is '{input.Dtype}'; use uint8 or float32");
        if (!double.IsFinite(input.Scale) || input.Scale == 0) throw Bad("input.scale", "must be a finite number other than 0");
        CheckChannels(input.Mean, "input.mean", input.Shape[0]);
        CheckChannels(input.Std, "input.std", input.Shape[0]);
        if (input.Std.Any(s => s == 0)) throw Bad("input.std", "must not hold 0");
    }

    private static void CheckChannels(IReadOnlyList<double> values, string field, long channels)
    {
        if (values is null || (values.Count != 1 && values.Count != channels)) throw Bad(field, $"must hold one number or one per channel ({channels})");
        if (values.Any(v => !double.IsFinite(v))) throw Bad(field, "must hold finite numbers");
    }

    private static void ValidateOutput(ModelOutput output)
    {
        if (output is null) throw Bad("output", "is missing");
        if (output.Kind is not ("classification" or "regression")) throw Bad("output.kind", $"is '{output.Kind}'; use classification or regression");
        if (output.Classes < 1) throw Bad("output.classes", "must be at least 1");
        if (output.Labels is null || (output.Labels.Count != 0 && output.Labels.Count != output.Classes)) throw Bad("output.labels", $"must be empty or hold one name per class ({output.Classes})");
    }

    private static long[] After(LayerDefinition layer, int i, long[] shape)
    {
        if (layer?.Type is null || !Members.TryGetValue(layer.Type, out var allowed))
            throw Bad($"layers[{i}].type", $"'{layer?.Type}' is not known; use {string.Join(", ", Members.Keys)}");
        foreach (var (name, value) in Given(layer))
            if (value is not null && !allowed.Contains(name)) throw Bad($"layers[{i}].{name}", $"does not belong to {layer.Type}");
        switch (layer.Type)
        {
            case "linear":
                if (shape[^1] != Need(layer.InFeatures, i, "in_features")) throw Bad($"layers[{i}].in_features", $"is {layer.InFeatures}, but {Text(shape)} arrives (is a flatten missing?)");
                var outFeatures = Need(layer.OutFeatures, i, "out_features");
                CheckWeights(i, layer.InFeatures!.Value, outFeatures);
                return [.. shape[..^1], outFeatures];
            case "conv2d":
                Images(shape, i, layer.Type);
                if (shape[0] != Need(layer.InChannels, i, "in_channels")) throw Bad($"layers[{i}].in_channels", $"is {layer.InChannels}, but {Text(shape)} arrives");
                var kernel = Need(layer.KernelSize, i, "kernel_size");
                CheckWeights(i, Need(layer.OutChannels, i, "out_channels"), layer.InChannels!.Value, kernel, kernel);
                return [layer.OutChannels!.Value, Window(shape[1], layer, i, 1), Window(shape[2], layer, i, 1)];
            case "max_pool2d":
                Images(shape, i, layer.Type);
                var size = Need(layer.KernelSize, i, "kernel_size");
                if (layer.Padding > size / 2) throw Bad($"layers[{i}].padding", $"is {layer.Padding}, at most half the kernel ({size / 2}) is allowed");
                return [shape[0], Window(shape[1], layer, i, size), Window(shape[2], layer, i, size)];
            case "batch_norm2d":
                Images(shape, i, layer.Type);
                if (shape[0] != Need(layer.NumFeatures, i, "num_features")) throw Bad($"layers[{i}].num_features", $"is {layer.NumFeatures}, but {Text(shape)} arrives");
                return shape;
            case "dropout":
                if (layer.P is < 0 or > 1 or double.NaN) throw Bad($"layers[{i}].p", $"is {layer.P}, a probability lies between 0 and 1");
                return shape;
            case "flatten":
                return [Elements(shape)];
            default:
                return shape;
        }
    }

    private static long Window(long length, LayerDefinition layer, int i, long defaultStride)
    {
        var stride = layer.Stride ?? defaultStride;
        var padding = layer.Padding ?? 0;
        if (stride is < 1 or > 1 << 20) throw Bad($"layers[{i}].stride", $"is {stride}, it must be at least 1");
        if (padding is < 0 or > 1 << 20) throw Bad($"layers[{i}].padding", $"is {padding}, it must be at least 0");
        var room = length + 2 * padding - layer.KernelSize!.Value;
        if (room < 0) throw Bad($"layers[{i}].kernel_size", $"is {layer.KernelSize}, larger than the {length + 2 * padding} that arrive");
        return room / stride + 1;
    }

    private static long Need(long? value, int i, string field) => value switch
    {
        null => throw Bad($"layers[{i}].{field}", "is missing"),
        < 1 or > 1 << 24 => throw Bad($"layers[{i}].{field}", $"is {value}, it must be at least 1 and at most {1 << 24}"),
        _ => value.Value,
    };

    private static void CheckWeights(int i, params long[] sizes)
    {
        if (Elements(sizes) > MaxElements) throw Bad($"layers[{i}]", $"has more than {MaxElements} weights");
    }

    private static void Images(long[] shape, int i, string type)
    {
        if (shape.Length != 3) throw Bad($"layers[{i}].type", $"{type} takes [channels, height, width], but {Text(shape)} arrives");
    }

    private static IEnumerable<(string Name, object? Value)> Given(LayerDefinition l) =>
    [
        ("in_features", l.InFeatures), ("out_features", l.OutFeatures), ("in_channels", l.InChannels), ("out_channels", l.OutChannels), ("kernel_size", l.KernelSize),
        ("stride", l.Stride), ("padding", l.Padding), ("bias", l.Bias), ("p", l.P), ("num_features", l.NumFeatures),
    ];

    // Saturates: hostile lengths must not wrap around.
    private static long Elements(IReadOnlyList<long> sizes)
    {
        var product = (Int128)1;
        foreach (var size in sizes) product = Int128.Min(product * size, long.MaxValue);
        return (long)product;
    }

    private static string Text(long[] shape) => $"[{string.Join(", ", shape)}]";

    private static TorchException Bad(string field, string what) => new($"The model definition is not valid: {field} {what}.");
}
