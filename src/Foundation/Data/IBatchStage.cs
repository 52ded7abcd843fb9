using EventMl.Arrow;

namespace EventMl.Data;

/// <summary>One step that every batch of a data set passes in order; stages are chained, each opened with the columns that the one before it gives.</summary>
public interface IBatchStage
{
    /// <summary>Learns the columns of the batches to come and says which columns it will give; called once, first.</summary>
    /// <exception cref="SourceException">The columns do not fit what was asked of the stage.</exception>
    ArrowSchema Open(ArrowSchema input);

    /// <summary>The batch as it goes on, with the columns that <see cref="Open"/> gave; it may have fewer rows.</summary>
    /// <exception cref="SourceException">The data must not go on; nothing of them is stored.</exception>
    RecordBatch Apply(RecordBatch batch);

    /// <summary>Called once behind the last batch, before anything is committed.</summary>
    /// <exception cref="SourceException">The data as a whole must not be stored.</exception>
    void Complete();
}
