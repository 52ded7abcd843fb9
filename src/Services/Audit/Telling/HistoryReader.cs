using EventMl.Contracts.Datasets;
using EventMl.Contracts.Models;
using EventMl.EventStore;

namespace EventMl.Audit.Telling;

/// <summary>Gathers a life over all streams that belong to it.</summary>
internal sealed class HistoryReader(Ledger ledger)
{
    /// <summary>The events up to a position, in ledger order; empty when there are none.</summary>
    public async Task<IReadOnlyList<StoredEvent>> ReadAsync(Thing thing, long position, CancellationToken cancellationToken)
    {
        var life = new List<StoredEvent>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        var open = new Queue<string>(thing.Streams);
        while (open.TryDequeue(out var stream))
        {
            if (known.Add(stream))
            {
                var events = await ledger.ReadStreamAtAsync(stream, position, cancellationToken);
                life.AddRange(events);
                foreach (var related in events.SelectMany(e => Related(e.Data)))
                {
                    open.Enqueue(related);
                }
            }
        }

        life.Sort((a, b) => a.Position!.Value.CompareTo(b.Position!.Value));
        return life;
    }

    /// <summary>Decisions about a version, and the task that made it; a task leads nowhere, so no life takes in another's.</summary>
    private static string[] Related(object? @event) => @event switch
    {
        ModelRegistered e => [$"training_task-{e.TaskId}", $"training_progress-{e.TaskId}"],
        ModelPromoted e => [$"decision-{e.DecisionId}"],
        PromotionRefused e => [$"decision-{e.DecisionId}"],
        DataIngested e => [$"ingestion_task-{e.TaskId}"],
        _ => [],
    };
}
