using System.Text.Json;
using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Jobs.Scripts;
using EventMl.Lake;
using EventMl.Tasks;

namespace EventMl.Models.Evaluating;

/// <summary>Measures a model version on held-out data in a child process; a model the platform cannot execute keeps what its script reported.</summary>
internal sealed class EvaluationExecutor(TaskTools tools, ModelsJobs jobs, ModelsOptions options) : IJobExecutor
{
    public const string JobKind = "evaluate";

    private const int MaxMetrics = 100;

    public string Kind => JobKind;

    public async Task ExecuteAsync(JobLease lease, JobControl control, CancellationToken cancellationToken)
    {
        var job = lease.Payload.Deserialize<EvaluationJob>(LedgerJson.Options)!;
        var model = (await tools.Ledger.LoadAsync<Model>(job.Model, cancellationToken)).State;
        var result = model.PendingOf(job.EvaluationId) is { } asked
            ? await MeasureAsync(asked, model.Versions[(int)asked.Version - 1].Registered, lease, cancellationToken)
            : null;
        if (!control.MustLeave)
        {
            await CommitAsync(job, lease, result, CancellationToken.None);
        }
    }

    private async Task<Result> MeasureAsync(EvaluationRequested asked, ModelRegistered model, JobLease lease, CancellationToken cancellationToken)
    {
        try
        {
            var (kind, name, _) = LakeNames.ParseUri(model.ArtifactUri);
            var artifact = await tools.Lake.GetAsync(kind, name, model.ArtifactVersion, cancellationToken);
            if (artifact is null)
            {
                return Result.Failed(ErrorCodes.ModelNotFound, $"{model.ArtifactUri} is not in the lake any more; train the model again.");
            }

            if (artifact.Files.All(f => f.Path != "model.json"))
            {
                return Reported(model.Metrics);
            }

            var dataset = await tools.Lake.GetAsync(LakeKind.Dataset, asked.Dataset, asked.DatasetVersion, cancellationToken);
            return dataset is null
                ? Result.Failed(ErrorCodes.DatasetNotFound, $"Dataset {asked.Dataset}@{asked.DatasetVersion} is not in the lake any more; name another one to evaluate on.")
                : await RunAsync(artifact, dataset, lease, cancellationToken);
        }
        catch (LakeException e)
        {
            return Result.Failed(ErrorCodes.ScriptFailed, e.Message);
        }
    }

    private async Task<Result> RunAsync(LakeVersion model, LakeVersion dataset, JobLease lease, CancellationToken cancellationToken)
    {
        var folder = tools.Folders.Prepare(lease);
        try
        {
            await tools.Lake.MaterialiseAsync(model, Path.Combine(folder.Input, "model"), cancellationToken);
            await tools.Lake.MaterialiseAsync(dataset, Path.Combine(folder.Input, "dataset"), cancellationToken);
            var (command, _) = await tools.Commands.CreateAsync(script: null, JobKind, folder.Request(lease, folder.Input), cancellationToken);
            return await tools.Process.RunAsync(command!, _ => Task.CompletedTask, options.EvaluationTimeout, cancellationToken) switch
            {
                ScriptCompleted done when Numbers(done.Stats) is { Count: > 0 } metrics => new Result("measured", metrics, null),
                ScriptFailure failure => new Result("", null, failure.Error),
                _ => Result.Failed(ErrorCodes.ScriptFailed, "The evaluation ended without metrics."),
            };
        }
        finally
        {
            folder.DiscardAttempt();
            folder.DiscardCheckpoints();
        }
    }

    private static Result Reported(JsonElement metrics) =>
        Numbers(metrics) is { Count: > 0 } finite
            ? new Result("reported", finite, null)
            : Result.Failed(ErrorCodes.ScriptFailed, "The platform cannot execute this model (it has no model.json) and its training reported no finite metrics; report some, or write model.json beside the weights.");

    private static Dictionary<string, double> Numbers(JsonElement metrics) => metrics.ValueKind != JsonValueKind.Object
        ? []
        : metrics.EnumerateObject()
            .Where(m => m.Value.ValueKind == JsonValueKind.Number && m.Value.TryGetDouble(out var d) && double.IsFinite(d))
            .DistinctBy(m => m.Name, StringComparer.Ordinal)
            .OrderBy(m => m.Name, StringComparer.Ordinal)
            .Take(MaxMetrics)
            .ToDictionary(m => m.Name, m => m.Value.GetDouble(), StringComparer.Ordinal);

    private Task<bool> CommitAsync(EvaluationJob job, JobLease lease, Result? result, CancellationToken cancellationToken) =>
        tools.Ledger.InTransactionAsync(
            async transaction =>
            {
                await jobs.Queue.FinishAsync(transaction, lease, cancellationToken);
                var model = await transaction.LoadAsync<Model>(job.Model, cancellationToken);
                var decision = result is null ? Decision.Nothing
                    : result.Error is { } error ? model.State.FailEvaluation(job.EvaluationId, error, transaction.Now)
                    : model.State.CompleteEvaluation(job.EvaluationId, result.Source, result.Metrics!, transaction.Now);
                var metadata = new EventMetadata($"worker:{ModelsModule.Schema}", Bus.Doors.Worker, job.CorrelationId, job.CausationId, job.TraceParent);
                await transaction.AppendAsync(model, decision.Events, metadata, cancellationToken);
                return true;
            },
            cancellationToken);

    private sealed record Result(string Source, IReadOnlyDictionary<string, double>? Metrics, TaskError? Error)
    {
        public static Result Failed(string code, string message) => new("", null, new TaskError(code, message));
    }
}
