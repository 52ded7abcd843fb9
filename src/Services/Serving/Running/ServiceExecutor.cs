using EventMl.Contracts;
using EventMl.Contracts.Serving;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Lake;
using EventMl.Serving.Predicting;
using EventMl.Torch;
using Microsoft.Extensions.Logging;

namespace EventMl.Serving.Running;

/// <summary>Runs one service for as long as it exists and this worker holds its lease.</summary>
internal sealed class ServiceExecutor(Ledger ledger, ServingJobs jobs, LakeStore lake, ServiceRegistry registry, ILogger<ServiceExecutor> logger) : IJobExecutor
{
    public const string JobKind = "serve";

    public string Kind => JobKind;

    public async Task ExecuteAsync(JobLease lease, JobControl control, CancellationToken cancellationToken)
    {
        var metadata = JobOrigin.MetadataOf(lease);
        var service = await ledger.LoadAsync<InferenceService>(lease.Id, CancellationToken.None);
        if (service.State is not { IsLive: true, Created: { } created } || control.CancelCode is not null)
        {
            await FinishAsync(lease, _ => Decision.Nothing, metadata);
            return;
        }

        RunningService running;
        try
        {
            running = await LoadAsync(created, cancellationToken);
        }
        catch (Exception e) when (e is TorchException or LakeException or IOException)
        {
            logger.LogWarning("Inference service {ServiceId} could not be started: {Reason}", lease.Id, e.Message);
            await FinishAsync(lease, state => state.Fail(lease.Id, lease.Attempt, new TaskError(ErrorCodes.Unavailable, e.Message), ledger.Now), metadata);
            return;
        }

        await using (running)
        {
            registry.Add(running);
            try
            {
                await AppendAsync(lease, state => state.Start(lease.Id, lease.Attempt, lease.Owner, running.Endpoint, running.Port, ledger.Now), metadata);
                await UntilAsync(running.Stopped, cancellationToken);
            }
            finally
            {
                registry.Remove(running);
            }
        }

        if (!control.MustLeave)
        {
            await FinishAsync(lease, _ => Decision.Nothing, metadata);
        }
    }

    private async Task<RunningService> LoadAsync(InferenceServiceCreated created, CancellationToken cancellationToken)
    {
        var version = await lake.GetAsync(LakeKind.Model, created.Model, created.ArtifactVersion, cancellationToken)
            ?? throw new LakeException($"The bytes of model '{created.Model}' version {created.ModelVersion} are not in the lake of this worker.");
        var model = new RunningModel(created.Model, created.ModelVersion, TrainedModel.Load(await lake.FetchAsync(version, cancellationToken), created.Device));
        try
        {
            return await RunningService.StartAsync(created.ServiceId, model, created.Port, cancellationToken);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static async Task UntilAsync(CancellationToken stopped, CancellationToken cancelled)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopped, cancelled);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = either.Token.Register(ended.SetResult);
        await ended.Task;
    }

    private Task<bool> AppendAsync(JobLease lease, Func<InferenceService, Decision> decide, EventMetadata metadata) =>
        CommitAsync(lease, decide, metadata, jobs.Queue.HoldAsync);

    private Task<bool> FinishAsync(JobLease lease, Func<InferenceService, Decision> decide, EventMetadata metadata) =>
        CommitAsync(lease, decide, metadata, jobs.Queue.FinishAsync);

    private Task<bool> CommitAsync(
        JobLease lease, Func<InferenceService, Decision> decide, EventMetadata metadata, Func<LedgerTransaction, JobLease, CancellationToken, Task> fence) =>
        ledger.InTransactionAsync(async transaction =>
        {
            await fence(transaction, lease, CancellationToken.None);
            var service = await transaction.LoadAsync<InferenceService>(lease.Id);
            await transaction.AppendAsync(service, decide(service.State).Events, metadata);
            return true;
        });
}
