using System.Text.Json;

namespace EventMl.Torch;

/// <summary>Reads <see cref="TrainerOptions"/> from the parameters of a task.</summary>
public static class TrainerParameters
{
    private delegate bool TryGet<T>(JsonElement value, out T result);

    /// <summary>The options in a JSON object (<c>epochs, batch_size, learning_rate, optimizer, momentum, weight_decay, seed, device, threads</c>); missing ones keep their defaults.</summary>
    /// <exception cref="TorchException">A parameter has another type; the message names it.</exception>
    public static TrainerOptions Read(JsonElement parameters)
    {
        var defaults = new TrainerOptions();
        return defaults with
        {
            Epochs = Number(parameters, "epochs", defaults.Epochs, (JsonElement v, out int n) => v.TryGetInt32(out n)),
            BatchSize = Number(parameters, "batch_size", defaults.BatchSize, (JsonElement v, out int n) => v.TryGetInt32(out n)),
            LearningRate = Number(parameters, "learning_rate", defaults.LearningRate, (JsonElement v, out double n) => v.TryGetDouble(out n)),
            Optimizer = Text(parameters, "optimizer", defaults.Optimizer),
            Momentum = Number(parameters, "momentum", defaults.Momentum, (JsonElement v, out double n) => v.TryGetDouble(out n)),
            WeightDecay = Number(parameters, "weight_decay", defaults.WeightDecay, (JsonElement v, out double n) => v.TryGetDouble(out n)),
            Seed = Number(parameters, "seed", defaults.Seed, (JsonElement v, out long n) => v.TryGetInt64(out n)),
            Device = Text(parameters, "device", defaults.Device),
            Threads = Number(parameters, "threads", defaults.Threads, (JsonElement v, out int n) => v.TryGetInt32(out n)),
        };
    }

    private static T Number<T>(JsonElement parameters, string name, T missing, TryGet<T> tryGet) =>
        Find(parameters, name) is not { } value ? missing
        : value.ValueKind == JsonValueKind.Number && tryGet(value, out var result) ? result
        : throw new TorchException($"The training parameter {name} is {value.GetRawText()}; it must be a number{(typeof(T) == typeof(double) ? "" : " without fraction")}.");

    private static string Text(JsonElement parameters, string name, string missing) =>
        Find(parameters, name) is not { } value ? missing
        : value.ValueKind == JsonValueKind.String ? value.GetString()!
        : throw new TorchException($"The training parameter {name} is {value.GetRawText()}; it must be a text.");

    private static JsonElement? Find(JsonElement parameters, string name) =>
        parameters.ValueKind == JsonValueKind.Object && parameters.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
