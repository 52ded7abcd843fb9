using System.Runtime.ExceptionServices;

namespace EventMl.Data.Vectors;

/// <summary>Divides rows among threads.</summary>
internal static class Workers
{
    /// <summary>Threads to use where nobody said how many.</summary>
    public static int Count(int? wanted) => wanted switch
    {
        null => Environment.ProcessorCount,
        > 0 and var threads => threads,
        _ => throw new ArgumentOutOfRangeException(nameof(wanted), wanted, "At least one thread is needed."),
    };

    /// <summary>Calls <paramref name="work"/> with the worker's number and pieces of at most <paramref name="step"/> rows until all are done.</summary>
    public static void Share(int workers, int rows, int step, Action<int, int, int> work, CancellationToken ct)
    {
        var pieces = (rows + step - 1) / step;
        var taken = -1;
        if (Math.Min(workers, pieces) <= 1)
        {
            Take(0);
            return;
        }

        try
        {
            Parallel.For(0, Math.Min(workers, pieces), new ParallelOptions { MaxDegreeOfParallelism = workers }, Take);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }

        void Take(int worker)
        {
            for (var piece = Interlocked.Increment(ref taken); piece < pieces; piece = Interlocked.Increment(ref taken))
            {
                ct.ThrowIfCancellationRequested();
                work(worker, piece * step, Math.Min(step, rows - (piece * step)));
            }
        }
    }
}
