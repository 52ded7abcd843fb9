using EventMl.Contracts.Training;
using EventMl.EventStore;
using EventMl.Jobs;
using EventMl.Jobs.Scripts;
using EventMl.Tasks;

namespace EventMl.Training.Running;

/// <summary>Brings the epochs of one attempt into the ledger: at most one append a second, each epoch once, fenced by the lease.</summary>
internal sealed class EpochRecorder(Ledger ledger, JobQueue queue, JobLease lease, EventMetadata metadata, TimeProvider clock) : ITaskRecorder
{
    private readonly Throttle _throttle = new(TimeSpan.FromSeconds(1), clock);
    private readonly List<EpochCompleted> _waiting = [];

    public async Task AddAsync(ScriptMessage message)
    {
        if (message is not ScriptEpoch epoch)
        {
            return;
        }

        _waiting.Add(new EpochCompleted(
            lease.Id, lease.Attempt, epoch.Epoch, epoch.Epochs, epoch.Metrics, epoch.LearningRate, epoch.SamplesPerSecond, epoch.ElapsedSeconds,
            epoch.ElapsedSeconds * (epoch.Epochs - epoch.Epoch), ledger.Now));
        if (_throttle.TryPass() || epoch.Epoch == epoch.Epochs)
        {
            await FlushAsync();
        }
    }

    public async Task FlushAsync()
    {
        if (_waiting.Count == 0)
        {
            return;
        }

        await ledger.InTransactionAsync(async transaction =>
        {
            await queue.HoldAsync(transaction, lease);
            var progress = await transaction.LoadAsync<TrainingProgress>(lease.Id);
            await transaction.AppendAsync(progress, progress.State.Record(lease.Attempt, _waiting).Events, metadata);
            return true;
        });
        _waiting.Clear();
    }
}
