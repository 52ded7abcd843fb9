using EventMl.Contracts.Training;
using EventMl.EventStore;

namespace EventMl.Training;

/// <summary>The epochs of a task, in a stream beside it; an epoch is recorded once, whatever attempt reports it.</summary>
internal sealed record TrainingProgress(int Attempt, int Epoch) : IAggregate<TrainingProgress>
{
    public static string Category => "training_progress";

    public static TrainingProgress Initial { get; } = new(0, 0);

    /// <summary>Records epochs beyond the last; what is recorded already, or comes from an older attempt, changes nothing.</summary>
    public Decision Record(int currentAttempt, IEnumerable<EpochCompleted> epochs)
    {
        var next = Epoch;
        var recorded = new List<object>();
        foreach (var epoch in epochs.Where(e => e.Attempt == currentAttempt && e.Attempt >= Attempt))
        {
            if (epoch.Epoch > next)
            {
                recorded.Add(epoch);
                next = epoch.Epoch;
            }
        }

        return new Decision(recorded, null);
    }

    public TrainingProgress Evolve(object @event) =>
        @event is EpochCompleted e ? new TrainingProgress(e.Attempt, e.Epoch) : this;
}
