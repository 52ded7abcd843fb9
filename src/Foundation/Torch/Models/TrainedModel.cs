using EventMl.Torch.Modules;
using static EventMl.Torch.torch;

namespace EventMl.Torch;

/// <summary>A model folder (model.json and weights.safetensors) ready to predict; calls from many threads may run at once.</summary>
public sealed class TrainedModel : IDisposable
{
    /// <summary>The definition's file name.</summary>
    public const string DefinitionFile = "model.json";

    /// <summary>The weights' file name.</summary>
    public const string WeightsFile = "weights.safetensors";

    private readonly Sequential _network;
    private readonly Preprocess _preprocess;
    private readonly Device _device;

    private TrainedModel(ModelDefinition definition, Sequential network, Device device)
    {
        (Definition, _network, _device, _preprocess) = (definition, network, device, new Preprocess(definition.Input));
        network.eval();
    }

    /// <summary>Layers, input and output.</summary>
    public ModelDefinition Definition { get; }

    /// <summary>Loads a model folder; damaged files or weights that do not fit give a <see cref="TorchException"/>.</summary>
    public static TrainedModel Load(string folder, string device = "cpu")
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var definition = ModelDefinition.Load(Path.Combine(folder, DefinitionFile));
        using var scope = NewDisposeScope();
        var network = definition.Build();
        try
        {
            network.load_state_dict(SafeTensors.Load(Path.Combine(folder, WeightsFile)));
            var target = torch.device(device);
            network.to(target);
            return new TrainedModel(definition, network, target);
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Writes a model folder; each file appears whole or not at all.</summary>
    public static void Save(string folder, ModelDefinition definition, nn.Module network)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(network);
        SafeTensors.Save(Path.Combine(folder, WeightsFile), network.state_dict());
        definition.Save(Path.Combine(folder, DefinitionFile));
    }

    /// <summary>Logits of raw byte samples laid one after the other: one row of <see cref="ModelOutput.Classes"/> numbers each.</summary>
    public float[][] PredictLogits(ReadOnlySpan<byte> raw) => Run(raw, static (p, r, n) => p.Apply(r, n), softmax: false);

    /// <summary>Logits of raw float samples (not yet normalised) laid one after the other.</summary>
    public float[][] PredictLogits(ReadOnlySpan<float> raw) => Run(raw, static (p, r, n) => p.Apply(r, n), softmax: false);

    /// <summary>Probabilities (classification) or outputs (regression) of raw byte samples.</summary>
    public float[][] Predict(ReadOnlySpan<byte> raw) => Run(raw, static (p, r, n) => p.Apply(r, n), IsClassification);

    /// <summary>Probabilities (classification) or outputs (regression) of raw float samples (not yet normalised).</summary>
    public float[][] Predict(ReadOnlySpan<float> raw) => Run(raw, static (p, r, n) => p.Apply(r, n), IsClassification);

    /// <summary>Logits of an already normalised tensor [batch, …]; the caller disposes the result.</summary>
    public Tensor Forward(Tensor normalised)
    {
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        return _network.forward(normalised).MoveToOuterDisposeScope();
    }

    /// <summary>Frees the weights; no call may be running.</summary>
    public void Dispose() => _network.Dispose();

    private bool IsClassification => Definition.Output.Kind == "classification";

    private delegate void Normalise<T>(Preprocess preprocess, ReadOnlySpan<T> raw, Span<float> normalised);

    private float[][] Run<T>(ReadOnlySpan<T> raw, Normalise<T> normalise, bool softmax) where T : unmanaged
    {
        if (raw.Length == 0) return [];
        if (raw.Length % _preprocess.SampleLength != 0)
            throw new TorchException($"The input has {raw.Length} numbers; samples of [{string.Join(", ", _preprocess.Shape)}] have {_preprocess.SampleLength} each.");
        using var scope = NewDisposeScope();
        using var guard = inference_mode();
        var batch = raw.Length / _preprocess.SampleLength;
        var input = empty([batch, .. _preprocess.Shape]);
        normalise(_preprocess, raw, input.Floats());
        var logits = _network.forward(_device == CPU ? input : input.to(_device));
        var output = (softmax ? logits.softmax(1) : logits).data<float>().ToArray();
        var width = output.Length / batch;
        return [.. Enumerable.Range(0, batch).Select(i => output[(i * width)..((i + 1) * width)])];
    }
}

internal static class TensorSpans
{
    /// <summary>The floats of a contiguous CPU tensor in place.</summary>
    public static Span<float> Floats(this Tensor tensor) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.bytes);
}
