using EventMl.Torch;

namespace EventMl.Serving.Predicting;

/// <summary>A loaded model version with what the protocols say about it.</summary>
internal sealed class RunningModel(string name, long version, TrainedModel model) : IDisposable
{
    private readonly ReaderWriterLockSlim _gate = new();
    private bool _disposed;

    public string Name => name;

    public long Version => version;

    public ModelDefinition Definition => model.Definition;

    /// <summary>Numbers per sample.</summary>
    public int SampleLength { get; } = (int)model.Definition.Input.Shape.Aggregate(1L, (a, b) => a * b);

    public float[][] Predict(ReadOnlySpan<byte> raw)
    {
        Enter();
        try
        {
            return model.Predict(raw);
        }
        finally
        {
            _gate.ExitReadLock();
        }
    }

    public float[][] Predict(ReadOnlySpan<float> raw)
    {
        Enter();
        try
        {
            return model.Predict(raw);
        }
        finally
        {
            _gate.ExitReadLock();
        }
    }

    /// <summary>Waits for the predictions that are running, then frees the weights.</summary>
    public void Dispose()
    {
        _gate.EnterWriteLock();
        if (!_disposed)
        {
            _disposed = true;
            model.Dispose();
        }

        _gate.ExitWriteLock();
    }

    private void Enter()
    {
        _gate.EnterReadLock();
        if (_disposed)
        {
            _gate.ExitReadLock();
            throw new ObjectDisposedException(name);
        }
    }
}
