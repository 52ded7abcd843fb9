namespace EventMl.Contracts.Serving;

/// <summary>Asks for a model to be served over REST.</summary>
public sealed record CreateInferenceService
{
    /// <summary>Id of the service (<c>serve-…</c>); made from the message id when absent.</summary>
    public string? ServiceId { get; init; }

    /// <summary>Name of the service, unique among those that exist.</summary>
    public string? Name { get; init; }

    /// <summary>Model to serve: a name (its champion, else its latest version) or <c>name@version</c>.</summary>
    public string? Model { get; init; }

    /// <summary><c>cpu</c>, <c>cuda</c> or <c>auto</c>.</summary>
    public string? Device { get; init; }

    /// <summary>TCP port of the endpoint on loopback; a free one when absent or 0.</summary>
    public int? Port { get; init; }
}

/// <summary>Asks for a service to be stopped and removed.</summary>
public sealed record DeleteInferenceService
{
    /// <summary>The service to remove.</summary>
    public string? ServiceId { get; init; }
}

/// <summary>A service was accepted; a worker will load the model.</summary>
public sealed record InferenceServiceCreated(
    string ServiceId, string Name, string Model, long ModelVersion, string ArtifactUri, long ArtifactVersion, string ManifestSha256, string Device, int Port, DateTimeOffset CreatedAt);

/// <summary>The model is loaded and answers at the endpoint.</summary>
public sealed record InferenceServiceStarted(string ServiceId, int Attempt, string Worker, string Endpoint, int Port, DateTimeOffset StartedAt);

/// <summary>The service could not be started or ended by itself.</summary>
public sealed record InferenceServiceFailed(string ServiceId, int Attempt, TaskError Error, DateTimeOffset FailedAt);

/// <summary>The service was removed.</summary>
public sealed record InferenceServiceDeleted(string ServiceId, DateTimeOffset DeletedAt);

/// <summary>A command for a service was refused.</summary>
public sealed record InferenceServiceRejected(string? ServiceId, string? Name, string Command, string Code, string Message, DateTimeOffset RejectedAt);
