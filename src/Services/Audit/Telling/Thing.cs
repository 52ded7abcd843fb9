using EventMl.Contracts;

namespace EventMl.Audit.Telling;

/// <summary>Something that has a life in the ledger: <c>model/NAME</c>, <c>dataset/NAME</c>, <c>task/ID</c>, <c>service/ID</c> or <c>failure/ID</c>.</summary>
internal sealed record Thing(string Kind, string Id)
{
    public const string Usage = "'thing' must be model/NAME, dataset/NAME, task/ID, service/ID or failure/ID, for example model/fashion-cnn.";

    private static readonly string[] Kinds = ["model", "dataset", "task", "service", "failure"];

    public static Thing? Parse(string? text)
    {
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        return slash > 0 && slash + 1 < text!.Length && Kinds.Contains(text[..slash], StringComparer.Ordinal) ? new Thing(text[..slash], text[(slash + 1)..]) : null;
    }

    /// <summary>The streams its life begins with; more are found in their events.</summary>
    public IEnumerable<string> Streams => Kind switch
    {
        "model" => [$"model-{Id}"],
        "dataset" => [$"dataset-{Id}"],
        "service" => [$"inference_service-{Id}"],
        "failure" => [$"failure-{Id}"],
        _ => [$"ingestion_task-{Id}", $"training_task-{Id}", $"training_progress-{Id}"],
    };

    public Refusal NotFound => new(
        Kind switch
        {
            "model" => ErrorCodes.ModelNotFound,
            "dataset" => ErrorCodes.DatasetNotFound,
            "service" => ErrorCodes.ServiceNotFound,
            "failure" => ErrorCodes.FailureNotFound,
            _ => ErrorCodes.TaskNotFound,
        },
        $"The ledger has nothing about {Kind} '{Id}' at that position; check the name, or ask without as_of.");
}
