namespace EventMl.Cli.Watching;

/// <summary>The two kinds of task; the prefix of an id tells them apart. A compute task is an ingestion under another name.</summary>
internal sealed record TaskKind(string Noun, string Resource, params string[] IdPrefixes)
{
    public static readonly TaskKind Ingestion = new("ingestion", "ingestion-tasks", "ingest-", "task-");
    public static readonly TaskKind Training = new("training", "training-tasks", "train-");
    public static readonly TaskKind[] All = [Ingestion, Training];

    public static TaskKind Of(string id) => All.First(kind => kind.Has(id));

    public bool Has(string id) => IdPrefixes.Any(prefix => id.StartsWith(prefix, StringComparison.Ordinal));
}
