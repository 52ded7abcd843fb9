using EventMl.Contracts.Training;
using EventMl.EventStore;
using Npgsql;

namespace EventMl.Training.Viewing;

/// <summary>The epochs of one task, as REST lists them.</summary>
internal sealed record EpochRows(IReadOnlyList<EpochCompleted> Epochs);

internal sealed class EpochView(NpgsqlDataSource dataSource)
    : View<EpochRows>(dataSource, TrainingModule.Schema, "epoch_view", TrainingProgress.Category)
{
    public override EpochRows? Apply(EpochRows? row, StoredEvent @event) =>
        @event.Data is EpochCompleted e ? new EpochRows([.. row?.Epochs ?? [], e]) : row;
}
