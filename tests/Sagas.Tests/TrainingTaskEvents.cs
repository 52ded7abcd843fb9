using System.Text.Json;
using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.Contracts.Training;

namespace EventMl.Sagas.Tests;

/// <summary>What the areas say about one training that makes cnn@3.</summary>
internal static class TrainingTaskEvents
{
    private static readonly JsonElement Empty = JsonSerializer.Deserialize<JsonElement>("{}");
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    public static TrainingRequested Requested(string id, int seconds) =>
        new(id, "n", "digits", 1, "lake://datasets/digits", "ab", "t.py", null, Empty, "cnn", seconds, Now);

    public static ModelTrained Trained(string id) => new(id, 1, "cnn", "lake://models/cnn", 7, "ab", "/lake/models/cnn", 10, "digits", 1, "t.py", Empty, Empty, Now);

    public static ModelRegistered Registered(string id) => new("cnn", 3, id, "lake://models/cnn", 7, "ab", "/lake/models/cnn", 10, "digits", 1, "t.py", Empty, Empty, Now);

    public static TrainingFailed Failed(string id) => new(id, 1, new TaskError(ErrorCodes.TaskTimedOut, "why"), null, Now);

    public static TrainingCompleted Completed(string id) => new(id, "cnn", 3, Empty, Now);

    public static ModelEvaluated Evaluated(string id) => new("cnn", 3, "eval-1", "digits", 1, "measured", new Dictionary<string, double>(StringComparer.Ordinal), Now) { TaskId = id };

    public static EvaluationFailed NotEvaluated(string id) => new("cnn", 3, "eval-1", new TaskError(ErrorCodes.ScriptFailed, "why"), Now) { TaskId = id };

    public static ModelPromoted Promoted(string id) => new("cnn", 3, null, "dec-1", Now) { TaskId = id };

    public static PromotionRefused NotPromoted(string id) => new("cnn", 3, "dec-1", "too weak", Now) { TaskId = id };

    public static ModelRejected Rejected(string? id, string command) => new("cnn", command, ErrorCodes.InvalidRequest, "why", Now) { TaskId = id };
}
