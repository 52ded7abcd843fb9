using System.Text.Json;
using EventMl.Contracts.Models;
using EventMl.EventStore;
using EventMl.Models;

namespace EventMl.Services.Tests.Models;

/// <summary>Events of a model's life for Given/When/Then.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public const string Policy = """
        policy: promotion/1
        rules:
          - metric: accuracy
            min: 0.85
          - metric: accuracy
            not_worse_than_champion_by: 0.01
        """;

    public static JsonElement Json(string json) => JsonSerializer.Deserialize<JsonElement>(json);

    public static Model Model(params object[] events) => events.Aggregate(EventMl.Models.Model.Initial, (m, e) => m.Evolve(e));

    public static RegisterModel Register(string task = "train-1", long artifact = 1, string metrics = """{"accuracy":0.9}""") =>
        new("digits", task, "lake://models/digits", artifact, "ab", "/lake/models/digits", 10, "mnist", 1, null, Json("{}"), Json(metrics));

    public static ModelRegistered Registered(long version = 1, string task = "train-1") =>
        new("digits", version, task, "lake://models/digits", version, "ab", "/lake/models/digits", 10, "mnist", 1, null, Json("""{"epochs":3}"""), Json("""{"accuracy":0.91,"note":"x","nested":{"a":1}}"""), Now);

    public static EvaluationRequested Evaluating(long version = 1, string id = "eval-1", long dataset = 1) => new("digits", version, id, "mnist", dataset, Now);

    public static ModelEvaluated Evaluated(double accuracy, long version = 1, string id = "eval-1", long dataset = 1) =>
        new("digits", version, id, "mnist", dataset, "measured", new Dictionary<string, double>(StringComparer.Ordinal) { ["loss"] = 0.31, ["accuracy"] = accuracy }, Now);

    public static ModelPromoted Promoted(long version = 1) => new("digits", version, null, "dec-1", Now);

    public static IEnumerable<StoredEvent> Stored(params object[] events) => events.Select((e, i) => new StoredEvent
    {
        SeqId = i + 1, Id = Guid.Empty, StreamId = "model-digits", Version = i + 1, Type = "", Data = e, Utf8Json = default, Timestamp = Now,
    });
}
