using System.Text.Json;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Lake;
using EventMl.Tasks;

namespace EventMl.Training.Running;

/// <summary>Does one training: a dataset version in, epochs into the ledger, then the event that hands the artifact to the registry.</summary>
internal sealed class TrainingExecutor(TaskTools tools, TrainingJobs jobs) : TaskExecutor<TrainingTask>(tools, jobs.Queue, jobs.Progress)
{
    public const string JobKind = "train";

    public override string Kind => JobKind;

    protected override async Task<Decision> StartAsync(TrainingTask task, JobLease lease, LedgerTransaction transaction)
    {
        var progress = await transaction.PeekAsync<TrainingProgress>(lease.Id);
        return task.Start(lease.Id, lease.Attempt, lease.Owner, progress.State.Epoch, transaction.Now);
    }

    protected override async Task<Preparation> PrepareAsync(TaskAttempt<TrainingTask> attempt, CancellationToken cancellationToken)
    {
        var request = attempt.Task.Request!;
        if (await Tools.Lake.GetAsync(LakeKind.Dataset, request.Dataset, request.DatasetVersion, cancellationToken) is not { } dataset)
        {
            return Preparation.Failed(
                ErrorCodes.DatasetNotFound, $"The bytes of dataset '{request.Dataset}' version {request.DatasetVersion} are not in the lake of this worker.");
        }

        var input = await Tools.Lake.MaterialiseAsync(dataset, attempt.Folder.Input, cancellationToken);
        return Preparation.Of(new TaskWork(request.Script, input, request.Params, request.Model ?? default, request.TimeoutSeconds));
    }

    protected override ITaskRecorder Recorder(TaskAttempt<TrainingTask> attempt) =>
        new EpochRecorder(Tools.Ledger, jobs.Queue, attempt.Lease, attempt.Metadata, Tools.Clock);

    protected override (LakeKind Kind, string Name) Output(TrainingTask task) => (LakeKind.Model, task.Request!.Output);

    protected override Task<Decision> CompleteAsync(
        TrainingTask task, TaskAttempt<TrainingTask> attempt, LakeVersion version, JsonElement stats, LedgerTransaction transaction)
    {
        var request = task.Request!;
        return Task.FromResult(task.Train(new ModelTrained(
            attempt.Lease.Id, attempt.Lease.Attempt, request.Output, version.Uri, version.Version, version.Id, version.Path, version.SizeBytes,
            request.Dataset, request.DatasetVersion, request.Script, request.Params, stats, transaction.Now)));
    }
}
