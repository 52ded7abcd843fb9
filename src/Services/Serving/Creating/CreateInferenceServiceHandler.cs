using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Serving;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Serving.Running;

namespace EventMl.Serving.Creating;

/// <summary>Accepts a service when its model exists and its name is free, and writes down the job that runs it.</summary>
internal sealed class CreateInferenceServiceHandler(ServingJobs jobs) : ICommandHandler<CreateInferenceService>
{
    private static readonly string[] Devices = ["cpu", "cuda", "auto"];

    public async Task<CommandResult> HandleAsync(CreateInferenceService command, CommandContext context, CancellationToken cancellationToken)
    {
        if (Check(command) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        var (name, version) = RequestRules.Reference(command.Model!)!.Value;
        // Locked, so that the model is not deleted while this decides.
        var reading = await context.Transaction.LoadAsync<ModelReading>(name, cancellationToken);
        if (reading.State.Find(version) is not { } model)
        {
            return CommandResult.Refused(ErrorCodes.ModelNotFound, $"Model '{command.Model}' does not exist; train it first, or list the models to find its name.");
        }

        var serviceId = command.ServiceId ?? context.DeriveId("serve");
        var service = await context.Transaction.LoadAsync<InferenceService>(serviceId, cancellationToken);
        var decision = service.State.Create(new InferenceServiceCreated(
            serviceId, command.Name!, name, model.Version, model.ArtifactUri, model.ArtifactVersion, model.ManifestSha256, command.Device ?? "cpu", command.Port ?? 0, context.Now));
        if (decision.Events.Count == 0)
        {
            return CommandResult.Accepted(serviceId);
        }

        if (!await context.Transaction.TakeNameAsync(InferenceService.Category, command.Name!, service.StreamId, cancellationToken))
        {
            return CommandResult.Refused(ErrorCodes.ServiceAlreadyExists, $"An inference service named '{command.Name}' exists; delete it first, or use another name.");
        }

        await context.Transaction.UseAsync(reading.StreamId, service.StreamId, cancellationToken);
        await context.Transaction.AppendAsync(service, decision.Events, context.Metadata, cancellationToken);
        await jobs.Queue.EnqueueAsync(context.Transaction, serviceId, ServiceExecutor.JobKind, JobOrigin.Of(context.Metadata), cancellationToken);
        return CommandResult.Accepted(serviceId);
    }

    public object Reject(CreateInferenceService command, Refusal refusal, CommandContext context) =>
        new InferenceServiceRejected(command.ServiceId, command.Name, nameof(CreateInferenceService), refusal.Code, refusal.Message, context.Now);

    private static Refusal? Check(CreateInferenceService command) =>
        RequestRules.OptionalId("service_id", command.ServiceId)
        ?? RequestRules.Name("name", command.Name)
        ?? RequestRules.Present("model", command.Model)
        ?? (RequestRules.Reference(command.Model!) is { } reference
            ? RequestRules.Name("model", reference.Name)
            : RequestRules.Invalid("'model' must be a model's name, or name@version with a version from 1."))
        ?? (command.Device is null || Devices.Contains(command.Device) ? null : RequestRules.Invalid($"'device' must be one of: {string.Join(", ", Devices)}."))
        ?? (command.Port is null or 0 or (>= 1024 and <= 65535) ? null : RequestRules.Invalid("'port' must be between 1024 and 65535, or 0 for a free one."));
}
