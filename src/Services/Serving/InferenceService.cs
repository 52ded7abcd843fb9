using EventMl.Contracts;
using EventMl.Contracts.Serving;
using EventMl.EventStore;

namespace EventMl.Serving;

/// <summary>One inference service: a model version that answers on a port.</summary>
internal sealed record InferenceService(InferenceServiceCreated? Created, int Attempt, bool Deleted) : IAggregate<InferenceService>
{
    public static string Category => "inference_service";

    public static InferenceService Initial { get; } = new(null, 0, false);

    public bool IsLive => Created is not null && !Deleted;

    public Decision Create(InferenceServiceCreated created) =>
        Created is null ? Decision.Of(created) : Decision.Nothing;

    public Decision Start(string serviceId, int attempt, string worker, string endpoint, int port, DateTimeOffset now) =>
        IsLive && attempt > Attempt
            ? Decision.Of(new InferenceServiceStarted(serviceId, attempt, worker, endpoint, port, now))
            : Decision.Nothing;

    public Decision Fail(string serviceId, int attempt, TaskError error, DateTimeOffset now) =>
        IsLive && attempt >= Attempt
            ? Decision.Of(new InferenceServiceFailed(serviceId, attempt, error, now))
            : Decision.Nothing;

    public Decision Delete(string serviceId, DateTimeOffset now) =>
        IsLive
            ? Decision.Of(new InferenceServiceDeleted(serviceId, now))
            : Decision.Refuse(ErrorCodes.ServiceNotFound, $"Inference service '{serviceId}' does not exist; list the services to find its id.");

    public InferenceService Evolve(object @event) => @event switch
    {
        InferenceServiceCreated e => new InferenceService(e, 0, false),
        InferenceServiceStarted e => this with { Attempt = e.Attempt },
        InferenceServiceFailed e => this with { Attempt = e.Attempt },
        InferenceServiceDeleted => this with { Deleted = true },
        _ => this,
    };
}
