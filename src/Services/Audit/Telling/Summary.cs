using EventMl.Contracts.Datasets;
using EventMl.Contracts.Models;
using EventMl.Contracts.Monitoring;
using EventMl.Contracts.Serving;
using EventMl.Contracts.Training;
using EventMl.EventStore;

namespace EventMl.Audit.Telling;

/// <summary>One English sentence per event.</summary>
internal static class Summary
{
    private const int MaxMetrics = 4;

    public static string Of(StoredEvent stored) =>
        Dataset(stored.Data) ?? Training(stored.Data) ?? Model(stored.Data) ?? Service(stored.Data) ?? Failure(stored.Data) ?? stored.Type;

    private static string? Dataset(object? data) => data switch
    {
        IngestionRequested e => $"Ingestion '{e.Name}' of {e.Input} into dataset '{e.Output}' was requested.",
        IngestionStarted e => $"Attempt {e.Attempt} of the ingestion began on {e.Worker}.",
        IngestionCancelRequested e => $"The ingestion was asked to end ({e.Code}).",
        IngestionCompleted e => $"The ingestion completed as {e.Dataset}@{e.Version}.",
        IngestionFailed e => $"The ingestion failed ({e.Error.Code}): {e.Error.Message}",
        IngestionRejected e => $"{e.Command} was refused ({e.Code}): {e.Message}",
        DataIngested e => $"Version {e.Version} of dataset '{e.Dataset}' with {e.NumRows} rows was ingested.",
        DatasetTagged e => $"Version {e.Version} of dataset '{e.Dataset}' was tagged '{e.Tag}'.",
        DatasetUntagged e => $"The tag '{e.Tag}' of dataset '{e.Dataset}' was removed.",
        DatasetChangeRequested e => $"{e.Change.Operation} of dataset '{e.Dataset}' was requested.",
        DatasetVersionCommitted e => $"Version {e.Version} of dataset '{e.Dataset}' with {e.NumRows} rows was committed by {e.Operation}.",
        DatasetLeftUnchanged e => $"Dataset '{e.Dataset}' was left as it is: {e.Reason}",
        DatasetChangeFailed e => $"The change of dataset '{e.Dataset}' failed ({e.Error.Code}): {e.Error.Message}",
        DatasetVersionsExpired e => $"Versions {string.Join(", ", e.Versions)} of dataset '{e.Dataset}' were collected.",
        DatasetGarbageCollected e => $"A collection deleted {e.Files} files of {e.Bytes} bytes that nothing needed.",
        DatasetDeleted e => $"Dataset '{e.Dataset}' was deleted.",
        DatasetRejected e => $"{e.Command} was refused ({e.Code}): {e.Message}",
        _ => null,
    };

    private static string? Training(object? data) => data switch
    {
        TrainingRequested e => $"Training '{e.Name}' on {e.Dataset}@{e.DatasetVersion} was requested.",
        TrainingStarted { ResumedAfterEpoch: > 0 } e => $"Attempt {e.Attempt} of the training went on after epoch {e.ResumedAfterEpoch} on {e.Worker}.",
        TrainingStarted e => $"Attempt {e.Attempt} of the training began on {e.Worker}.",
        EpochCompleted e => $"Epoch {e.Epoch} of {e.Epochs} completed{With(e.Metrics)}.",
        TrainingCancelRequested e => $"The training was asked to end ({e.Code}).",
        ModelTrained e => $"Training ended with an artifact of {e.SizeBytes} bytes for model '{e.Output}'.",
        TrainingCompleted e => $"The training completed as {e.Model}@{e.ModelVersion}.",
        TrainingFailed e => $"The training failed ({e.Error.Code}): {e.Error.Message}",
        TrainingRejected e => $"{e.Command} was refused ({e.Code}): {e.Message}",
        _ => null,
    };

    private static string? Model(object? data) => data switch
    {
        ModelRegistered e => $"Version {e.Version} of model '{e.Model}', trained on {e.Dataset}@{e.DatasetVersion}, was registered.",
        EvaluationRequested e => $"An evaluation of version {e.Version} on {e.Dataset}@{e.DatasetVersion} was requested.",
        ModelEvaluated e => $"Version {e.Version} was evaluated on {e.Dataset}@{e.DatasetVersion} ({e.Source}){With(e.Metrics)}.",
        EvaluationFailed e => $"Version {e.Version} could not be evaluated ({e.Error.Code}): {e.Error.Message}",
        PromotionDecided { Allowed: true } e => $"{e.EvaluatorVersion} allowed version {e.Version} to be promoted: {Reasons(e)}",
        PromotionDecided e => $"{e.EvaluatorVersion} refused to promote version {e.Version}: {Reasons(e)}",
        ModelPromoted { PreviousChampion: { } previous } e => $"Version {e.Version} became champion in place of version {previous}.",
        ModelPromoted e => $"Version {e.Version} became champion.",
        PromotionRefused e => $"Version {e.Version} was not promoted: {e.Reason}",
        ModelDeleted e => $"Model '{e.Model}' was deleted.",
        ModelRejected e => $"{e.Command} was refused ({e.Code}): {e.Message}",
        _ => null,
    };

    private static string? Service(object? data) => data switch
    {
        InferenceServiceCreated e => $"Service '{e.Name}' for {e.Model}@{e.ModelVersion} was created.",
        InferenceServiceStarted e => $"The service answers at {e.Endpoint}.",
        InferenceServiceFailed e => $"The service failed ({e.Error.Code}): {e.Error.Message}",
        InferenceServiceDeleted => "The service was deleted.",
        InferenceServiceRejected e => $"{e.Command} was refused ({e.Code}): {e.Message}",
        _ => null,
    };

    private static string? Failure(object? data) => data switch
    {
        FailureEdited e => $"The failed message of '{e.Queue}' was changed: {e.Reason}",
        FailureRetried e => $"The failed message was sent again to '{e.Queue}': {e.Reason}",
        FailureDiscarded e => $"The failed message of '{e.Queue}' was discarded: {e.Reason}",
        FailureReturned e => $"The message failed again in '{e.Queue}' or could not be sent.",
        FailureResolved e => $"The message was handled by '{e.Queue}'.",
        FailureRejected e => $"{e.Command} was refused ({e.Code}): {e.Message}",
        _ => null,
    };

    private static string Reasons(PromotionDecided decision) =>
        string.Join(' ', decision.Rules.Where(r => decision.Allowed || !r.Passed).Select(r => r.Reason));

    private static string With(IReadOnlyDictionary<string, double> metrics) => metrics.Count == 0
        ? ""
        : $" with {string.Join(", ", metrics.OrderBy(m => m.Key, StringComparer.Ordinal).Take(MaxMetrics).Select(m => $"{m.Key} {m.Value:0.####}"))}";
}
