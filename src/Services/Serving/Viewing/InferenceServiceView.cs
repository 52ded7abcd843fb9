using EventMl.Contracts;
using EventMl.Contracts.Serving;
using EventMl.EventStore;
using Npgsql;

namespace EventMl.Serving.Viewing;

/// <summary>What REST shows of a service.</summary>
internal sealed record InferenceServiceRow(
    string Id, string Name, string Model, long ModelVersion, string Device, int Port, string Status, string? Endpoint, DateTimeOffset CreatedAt, TaskError? Error);

internal sealed class InferenceServiceView(NpgsqlDataSource dataSource)
    : View<InferenceServiceRow>(dataSource, ServingModule.Schema, "inference_service_view", InferenceService.Category)
{
    public override InferenceServiceRow? Apply(InferenceServiceRow? row, StoredEvent @event) => @event.Data switch
    {
        InferenceServiceCreated e => new(
            e.ServiceId, e.Name, e.Model, e.ModelVersion, e.Device, e.Port, "starting", e.Port == 0 ? null : $"http://localhost:{e.Port}", e.CreatedAt, null),
        InferenceServiceStarted e => row! with { Status = "running", Endpoint = e.Endpoint, Port = e.Port, Error = null },
        InferenceServiceFailed e => row! with { Status = "failed", Error = e.Error },
        InferenceServiceDeleted => null,
        _ => row,
    };
}
