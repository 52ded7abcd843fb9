using System.Text.Json;
using EventMl.Torch;

namespace EventMl.Host.Jobs;

/// <summary>What each finished epoch measured, kept beside the checkpoints, so that a resumed attempt reports the same numbers.</summary>
internal sealed class EpochEvaluations
{
    private readonly string _path;
    private readonly SortedDictionary<int, Evaluation?> _byEpoch;

    private EpochEvaluations(string path, SortedDictionary<int, Evaluation?> byEpoch)
    {
        _path = path;
        _byEpoch = byEpoch;
    }

    public static EpochEvaluations Load(string folder)
    {
        var path = Path.Combine(folder, "evaluations.json");
        return new EpochEvaluations(path, File.Exists(path) ? JsonSerializer.Deserialize<SortedDictionary<int, Evaluation?>>(File.ReadAllBytes(path))! : []);
    }

    public Evaluation? Find(int epoch) => _byEpoch.GetValueOrDefault(epoch);

    /// <summary>Written before the epoch's checkpoint, whole or not at all.</summary>
    public void Add(int epoch, Evaluation? evaluation)
    {
        _byEpoch[epoch] = evaluation;
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        var temporary = _path + ".new";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(_byEpoch));
        File.Move(temporary, _path, overwrite: true);
    }
}
