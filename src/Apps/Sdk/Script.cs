using System.Runtime.InteropServices;
using System.Text.Json;

namespace EventMl.Sdk;

/// <summary>The entry point of a user's C# script: <c>return Script.Run((inputPath, outputPath, parameters, job) => new { total_records = 70000 });</c></summary>
public static class Script
{
    /// <summary>Runs the script's function with what the platform sent on standard input and reports what it returns.</summary>
    /// <param name="run">Gets the input path, the output path, the parameters and the job; returns an object of statistics (finite numbers, texts), or null.</param>
    /// <returns>The process's exit code: 0, or 1 after an exception, whose message has been reported.</returns>
    public static int Run(Func<string, string, ScriptParameters, ScriptJob, object?> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        // Synchronous on purpose: a training loop must stay on one thread.
        return Execute((job, finish) =>
        {
            finish(run(job.InputPath, job.OutputPath, job.Parameters, job));
            return Task.CompletedTask;
        }).GetAwaiter().GetResult();
    }

    /// <summary>As <see cref="Run(Func{string, string, ScriptParameters, ScriptJob, object?})"/>, for functions that need no job.</summary>
    /// <param name="run">Gets the input path, the output path and the parameters; returns an object of statistics, or null.</param>
    public static int Run(Func<string, string, ScriptParameters, object?> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Run((input, output, parameters, _) => run(input, output, parameters));
    }

    /// <summary>As <see cref="Run(Func{string, string, ScriptParameters, ScriptJob, object?})"/>, for asynchronous functions.</summary>
    /// <param name="run">Gets the job; returns an object of statistics, or null.</param>
    public static Task<int> RunAsync(Func<ScriptJob, Task<object?>> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Execute(async (job, finish) => finish(await run(job)));
    }

    private static async Task<int> Execute(Func<ScriptJob, Action<object?>, Task> run)
    {
        using var channel = ScriptChannel.Open();
        using var cancel = new CancellationTokenSource();
        ScriptRequest request;
        try
        {
            request = ScriptChannel.ReadRequest();
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            channel.Send(new { type = "error", message = e.Message });
            return 1;
        }

        using var signal = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            Cancel(cancel);
        });
        ScriptChannel.WatchHost(() => Cancel(cancel));
        try
        {
            await run(new ScriptJob(request, channel, cancel.Token), stats => channel.Send(new { type = "result", stats = stats ?? new { } }));
            return 0;
        }
        catch (Exception e)
        {
            // Edge of the process: whatever a user's script throws is reported, not printed as a crash.
            channel.Send(new { type = "error", message = $"{e.GetType().Name}: {e.Message}", detail = e.ToString() });
            return 1;
        }
    }

    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The script has just ended by itself.
        }
    }
}
