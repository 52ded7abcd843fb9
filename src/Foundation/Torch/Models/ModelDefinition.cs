using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using EventMl.Torch.Modules;
using EventMl.Torch.Storage;

namespace EventMl.Torch;

/// <summary>What a model takes: raw images of <see cref="Shape"/> [channels, height, width] (or any shape), normalised per channel as (raw·scale − mean) / std.</summary>
public sealed record ModelInput
{
    /// <summary>The input's name in serving protocols.</summary>
    public string Name { get; init; } = "image";

    /// <summary>Lengths without the batch; the first is the channel when there is more than one mean.</summary>
    public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>Raw element type: uint8 or float32.</summary>
    public string Dtype { get; init; } = "uint8";

    /// <summary>Factor on raw values.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>Subtracted after scaling: one number, or one per channel.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0];

    /// <summary>Divides at last: one number, or one per channel, none of them 0.</summary>
    public IReadOnlyList<double> Std { get; init; } = [1];
}

/// <summary>What a model gives: logits of classes, or plain numbers.</summary>
public sealed record ModelOutput
{
    /// <summary>classification or regression.</summary>
    public string Kind { get; init; } = "classification";

    /// <summary>Length of the output row.</summary>
    public required int Classes { get; init; }

    /// <summary>A name per class, or none.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
}

/// <summary>One layer; which members count depends on <see cref="Type"/>.</summary>
public sealed record LayerDefinition
{
    /// <summary>linear, conv2d, max_pool2d, relu, flatten, dropout or batch_norm2d.</summary>
    public required string Type { get; init; }

    /// <summary>Of linear.</summary>
    public long? InFeatures { get; init; }

    /// <summary>Of linear.</summary>
    public long? OutFeatures { get; init; }

    /// <summary>Of conv2d.</summary>
    public long? InChannels { get; init; }

    /// <summary>Of conv2d.</summary>
    public long? OutChannels { get; init; }

    /// <summary>Of conv2d and max_pool2d.</summary>
    public long? KernelSize { get; init; }

    /// <summary>Of conv2d (1 when missing) and max_pool2d (the kernel's size when missing).</summary>
    public long? Stride { get; init; }

    /// <summary>Of conv2d and max_pool2d; 0 when missing.</summary>
    public long? Padding { get; init; }

    /// <summary>Of linear and conv2d; true when missing.</summary>
    public bool? Bias { get; init; }

    /// <summary>Of dropout; 0.5 when missing.</summary>
    public double? P { get; init; }

    /// <summary>Of batch_norm2d.</summary>
    public long? NumFeatures { get; init; }
}

/// <summary>model.json, which lies beside weights.safetensors: the layers, how raw input is normalised and what the output means.</summary>
public sealed record ModelDefinition
{
    /// <summary>The format's name and version.</summary>
    public const string CurrentFormat = "eventml.model/1";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        WriteIndented = true,
    };

    /// <summary>Must be <see cref="CurrentFormat"/>.</summary>
    public string Format { get; init; } = CurrentFormat;

    /// <summary>The layers in order.</summary>
    public required IReadOnlyList<LayerDefinition> Layers { get; init; }

    /// <summary>What the model takes.</summary>
    public required ModelInput Input { get; init; }

    /// <summary>What the model gives.</summary>
    public required ModelOutput Output { get; init; }

    /// <summary>The JSON text of model.json.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>SHA-256 of the JSON text, in lower-case hexadecimal digits.</summary>
    public string Hash() => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(ToJson())));

    /// <summary>Reads and validates JSON text; a <see cref="TorchException"/> names what is wrong.</summary>
    public static ModelDefinition Parse(string json)
    {
        ModelDefinition? definition;
        try
        {
            definition = JsonSerializer.Deserialize<ModelDefinition>(json, Json);
        }
        catch (JsonException e)
        {
            throw new TorchException($"The model definition is not valid at {e.Path}: {e.Message}", e);
        }

        if (definition is null) throw new TorchException("The model definition is null.");
        definition.Validate();
        return definition;
    }

    /// <summary>Reads and validates a model.json.</summary>
    public static ModelDefinition Load(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path));
        }
        catch (TorchException e)
        {
            throw new TorchException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Writes model.json whole or not at all.</summary>
    public void Save(string path)
    {
        Validate();
        AtomicFile.Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(ToJson())));
    }

    /// <summary>Checks every member and that each layer fits the one before; a <see cref="TorchException"/> names layer and field.</summary>
    public void Validate() => ModelValidation.Validate(this);

    /// <summary>The untrained network, with the keys of PyTorch's nn.Sequential ("0.weight", …).</summary>
    public Sequential Build()
    {
        Validate();
        return torch.nn.Sequential([.. Layers.Select(Layer)]);
    }

    private static torch.nn.Module<torch.Tensor, torch.Tensor> Layer(LayerDefinition l) => l.Type switch
    {
        "linear" => torch.nn.Linear(l.InFeatures!.Value, l.OutFeatures!.Value, l.Bias ?? true),
        "conv2d" => torch.nn.Conv2d(l.InChannels!.Value, l.OutChannels!.Value, l.KernelSize!.Value, l.Stride ?? 1, l.Padding ?? 0, bias: l.Bias ?? true),
        "max_pool2d" => torch.nn.MaxPool2d(l.KernelSize!.Value, l.Stride, l.Padding ?? 0),
        "relu" => torch.nn.ReLU(),
        "flatten" => torch.nn.Flatten(),
        "dropout" => torch.nn.Dropout(l.P ?? 0.5),
        "batch_norm2d" => torch.nn.BatchNorm2d(l.NumFeatures!.Value),
        _ => throw new TorchException($"Layer type '{l.Type}' is not known."),
    };
}
