using EventMl.Contracts;
using EventMl.EventStore;
using EventMl.Jobs;

namespace EventMl.Tasks;

/// <summary>The state of a task of any kind: asked for under a name, done by a worker's attempts, ended once.</summary>
public interface ITask<TSelf> : IAggregate<TSelf>
    where TSelf : class, ITask<TSelf>
{
    /// <summary>Whether it lives, and which attempt holds it.</summary>
    TaskLifecycle Life { get; }

    /// <summary>The name it holds while it lives; null before it exists.</summary>
    string? Name { get; }

    /// <summary>The stream of what it needs while it lives, which cannot be deleted meanwhile; null when there is none.</summary>
    string? Needs => null;

    /// <summary>Ends at once when no worker has it, else asks the worker to end it.</summary>
    Decision Cancel(string taskId, string code, bool workerHasIt, DateTimeOffset now);

    /// <summary>Ends it without a result, when this attempt still holds it.</summary>
    Decision Fail(string taskId, int attempt, TaskError error, string? logTail, DateTimeOffset now);
}
