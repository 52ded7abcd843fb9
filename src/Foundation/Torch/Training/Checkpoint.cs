using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using EventMl.Torch.Storage;

namespace EventMl.Torch;

/// <summary>state.json of a checkpoint: everything besides weights and optimiser that a resumed run needs.</summary>
internal sealed record CheckpointState
{
    public const string CurrentFormat = "eventml.checkpoint/1";

    public string Format { get; init; } = CurrentFormat;
    public required int Epoch { get; init; }
    public required TrainerOptions Options { get; init; }
    public required string DefinitionHash { get; init; }
    public required byte[] RngState { get; init; }
    public byte[]? DeviceRngState { get; init; }
    public required IReadOnlyList<EpochMetrics> History { get; init; }
    public string WeightsSha256 { get; init; } = "";
    public string OptimizerSha256 { get; init; } = "";

    public void CheckFits(ModelDefinition definition, TrainerOptions options, string folder)
    {
        if (DefinitionHash != definition.Hash()) throw new TorchException($"The checkpoint {folder} belongs to another model definition; use another checkpoint folder or delete it.");
        // More epochs, another device or other threads may go on; anything else would be another run.
        if ((Options with { Epochs = options.Epochs, Device = options.Device, Threads = options.Threads }) != options)
            throw new TorchException($"The checkpoint {folder} was trained with other options ({Options}); use the same, or another checkpoint folder.");
    }
}

/// <summary>Checkpoints of a run: one folder per epoch, written aside, made durable and renamed.</summary>
internal sealed class Checkpoint
{
    private const string WeightsFile = "weights.safetensors", OptimizerFile = "optimizer.safetensors", StateFile = "state.json";
    private const string Prefix = "epoch-", TemporaryPrefix = ".partial-";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    private Checkpoint(string folder, CheckpointState state) => (Folder, State) = (folder, state);

    public string Folder { get; }

    public CheckpointState State { get; }

    public Dictionary<string, torch.Tensor> Weights() => SafeTensors.Load(Path.Combine(Folder, WeightsFile));

    public Dictionary<string, torch.Tensor> Optimizer() => SafeTensors.Load(Path.Combine(Folder, OptimizerFile));

    public static string Save(string root, CheckpointState state, IReadOnlyDictionary<string, torch.Tensor> weights, IReadOnlyDictionary<string, torch.Tensor> optimizer, int keep)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        Directory.CreateDirectory(root);
        foreach (var left in Directory.EnumerateDirectories(root, TemporaryPrefix + "*").ToList()) Directory.Delete(left, recursive: true);
        var target = Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{state.Epoch:D6}"));
        var partial = Path.Combine(root, TemporaryPrefix + Path.GetFileName(target));
        Directory.CreateDirectory(partial);
        AtomicFile.WriteDurably(Path.Combine(partial, WeightsFile), s => SafeTensors.Write(s, weights));
        AtomicFile.WriteDurably(Path.Combine(partial, OptimizerFile), s => SafeTensors.Write(s, optimizer));
        state = state with { WeightsSha256 = Sha256(Path.Combine(partial, WeightsFile)), OptimizerSha256 = Sha256(Path.Combine(partial, OptimizerFile)) };
        AtomicFile.WriteDurably(Path.Combine(partial, StateFile), s => JsonSerializer.Serialize(s, state, Json));
        AtomicFile.SyncFolder(partial);
        // Only a damaged checkpoint of this epoch can be in the way: a whole one would have been resumed from.
        if (Directory.Exists(target)) Directory.Delete(target, recursive: true);
        Directory.Move(partial, target);
        AtomicFile.SyncFolder(root);
        // A newer one is damaged too, for the same reason.
        var folders = Folders(root).ToLookup(f => f.Epoch > state.Epoch, f => f.Folder);
        foreach (var folder in folders[true].Concat(folders[false].Skip(keep))) Directory.Delete(folder, recursive: true);
        return target;
    }

    /// <summary>The newest checkpoint whose files are all there and have the recorded hashes.</summary>
    public static Checkpoint? FindLatest(string root) =>
        Folders(root).Select(f => Open(f.Folder, f.Epoch)).FirstOrDefault(c => c is not null);

    private static List<(string Folder, int Epoch)> Folders(string root) => !Directory.Exists(root) ? [] :
        [.. Directory.EnumerateDirectories(root, Prefix + "*")
            .Select(f => (Folder: f, Epoch: int.TryParse(Path.GetFileName(f.AsSpan())[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : -1))
            .Where(f => f.Epoch > 0)
            .OrderByDescending(f => f.Epoch)];

    private static Checkpoint? Open(string folder, int epoch)
    {
        try
        {
            var state = JsonSerializer.Deserialize<CheckpointState>(File.ReadAllBytes(Path.Combine(folder, StateFile)), Json);
            return state is { Format: CheckpointState.CurrentFormat, Options: not null, RngState: not null, History: not null }
                && state.Epoch == epoch && state.History.Count == epoch
                && state.WeightsSha256 == Sha256(Path.Combine(folder, WeightsFile))
                && state.OptimizerSha256 == Sha256(Path.Combine(folder, OptimizerFile))
                ? new Checkpoint(folder, state) : null;
        }
        catch (Exception e) when (e is JsonException or FileNotFoundException or DirectoryNotFoundException)
        {
            // A torn checkpoint: an older one serves.
            return null;
        }
    }

    private static string Sha256(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
