using EventMl.Bus;
using EventMl.Sagas.Ingestion;
using EventMl.Sagas.TrainingTask;

namespace EventMl.Sagas;

/// <summary>All state machines of the platform.</summary>
public static class SagasModule
{
    /// <summary>Registers them.</summary>
    public static void AddPlatformSagas(this BusRegistrations bus) => bus
        .AddSaga<IngestionStateMachine, IngestionState>("ingestion")
        .AddSaga<TrainingTaskStateMachine, TrainingTaskState>("training-task");
}
