namespace EventMl.Cli.Watching;

/// <summary>The two kinds of task; the prefix of an id tells them apart.</summary>
internal sealed record TaskKind(string Noun, string Resource, string IdPrefix)
{
    public static readonly TaskKind Ingestion = new("ingestion", "ingestion-tasks", "ingest-");
    public static readonly TaskKind Training = new("training", "training-tasks", "train-");
    public static readonly TaskKind[] All = [Ingestion, Training];

    public static TaskKind Of(string id) => All.First(kind => id.StartsWith(kind.IdPrefix, StringComparison.Ordinal));
}
