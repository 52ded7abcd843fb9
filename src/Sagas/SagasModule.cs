using System.ComponentModel.DataAnnotations;
using EventMl.Bus;
using EventMl.Sagas.Ingestion;
using EventMl.Sagas.TrainingTask;

namespace EventMl.Sagas;

/// <summary>All state machines of the platform.</summary>
public static class SagasModule
{
    /// <summary>Registers them.</summary>
    /// <exception cref="ValidationException">An option is out of range.</exception>
    public static void AddPlatformSagas(this BusRegistrations bus, SagaOptions? options = null)
    {
        options ??= new SagaOptions();
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        bus.AddSaga<IngestionStateMachine, IngestionState>("ingestion", () => new IngestionStateMachine(options))
            .AddSaga<TrainingTaskStateMachine, TrainingTaskState>("training-task", () => new TrainingTaskStateMachine(options));
    }
}
