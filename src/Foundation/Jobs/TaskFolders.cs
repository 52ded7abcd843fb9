using EventMl.Jobs.Scripts;

namespace EventMl.Jobs;

/// <summary>Gives every task a folder of its own below the platform's state.</summary>
/// <param name="statePath">The platform's state folder.</param>
public sealed class TaskFolders(string statePath)
{
    /// <summary>The folder of an attempt, with an empty output folder of its own, so that an older attempt's child cannot write into it.</summary>
    public TaskFolder Prepare(JobLease lease)
    {
        var folder = new TaskFolder(Path(lease.Id), lease.Attempt);
        Directory.CreateDirectory(folder.Path);
        if (Directory.Exists(folder.Output))
        {
            Directory.Delete(folder.Output, recursive: true);
        }

        Directory.CreateDirectory(folder.Output);
        return folder;
    }

    /// <summary>The log files of a task, oldest attempt first; empty when there are none on this machine.</summary>
    public IReadOnlyList<string> Logs(string taskId)
    {
        var logs = System.IO.Path.Combine(Path(taskId), "logs");
        return Directory.Exists(logs)
            ? [.. Directory.EnumerateFiles(logs, "*.log").OrderBy(f => int.TryParse(System.IO.Path.GetFileNameWithoutExtension(f), out var n) ? n : int.MaxValue)]
            : [];
    }

    private string Path(string taskId) => System.IO.Path.Combine(statePath, "work", taskId);
}

/// <summary>Where one attempt of a task works.</summary>
/// <param name="Path">Folder of the task: logs, checkpoints.</param>
/// <param name="Attempt">The attempt.</param>
public sealed record TaskFolder(string Path, int Attempt)
{
    /// <summary>Where the attempt writes its result.</summary>
    public string Output => System.IO.Path.Combine(Path, $"output-{Attempt}");

    /// <summary>Where the attempt finds its input when the platform lays it out.</summary>
    public string Input => System.IO.Path.Combine(Path, $"input-{Attempt}");

    /// <summary>Checkpoints, shared by all attempts.</summary>
    public string Checkpoints => System.IO.Path.Combine(Path, "checkpoints");

    /// <summary>The request to the attempt's child process, which writes and logs in this folder.</summary>
    public ScriptRequest Request(JobLease lease, string inputPath) => new()
    {
        TaskId = lease.Id,
        Attempt = lease.Attempt,
        InputPath = inputPath,
        OutputPath = Output,
        CheckpointPath = Checkpoints,
        WorkPath = Path,
    };

    /// <summary>Removes what only this attempt needed; logs and checkpoints stay.</summary>
    public void DiscardAttempt()
    {
        Remove(Output);
        Remove(Input);
    }

    /// <summary>Removes the checkpoints of a task that is over.</summary>
    public void DiscardCheckpoints() => Remove(Checkpoints);

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
