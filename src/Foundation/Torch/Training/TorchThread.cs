using System.Collections.Concurrent;

namespace EventMl.Torch;

/// <summary>One thread for all of a trainer's native work: libtorch keeps gradient mode and a team of OpenMP threads per calling thread.</summary>
internal sealed class TorchThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;

    public TorchThread(string name)
    {
        _thread = new Thread(Loop, 16 << 20) { Name = name, IsBackground = true };
        _thread.Start();
    }

    public Task<T> Run<T>(Func<T> function)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                done.SetResult(function());
            }
            catch (OperationCanceledException e)
            {
                done.SetCanceled(e.CancellationToken);
            }
            catch (Exception e)
            {
                // Whatever happened belongs to the caller, who awaits the task.
                done.SetException(e);
            }
        });
        return done.Task;
    }

    public void Dispose()
    {
        _work.CompleteAdding();
        if (Thread.CurrentThread != _thread) _thread.Join();
        _work.Dispose();
    }

    private void Loop()
    {
        foreach (var action in _work.GetConsumingEnumerable()) action();
    }
}
