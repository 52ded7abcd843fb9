using System.Text.Json;
using EventMl.EventStore;

namespace EventMl.Jobs;

/// <summary>What a job's row remembers of the command that caused it, so that everything the job appends belongs to the same correlation and trace.</summary>
public sealed record JobOrigin(string CorrelationId, string CausationId, string? TraceParent)
{
    /// <summary>The origin of a job enqueued while handling a command.</summary>
    public static JobOrigin Of(EventMetadata metadata) => new(metadata.CorrelationId, metadata.CausationId, metadata.TraceParent);

    private EventMetadata MetadataFor(JobLease lease) => new($"worker:{lease.Owner}", "worker", CorrelationId, CausationId, TraceParent);

    /// <summary>Metadata for what the holder of a lease appends, when the job's payload is an origin.</summary>
    public static EventMetadata MetadataOf(JobLease lease) => lease.Payload.Deserialize<JobOrigin>(LedgerJson.Options)!.MetadataFor(lease);
}
