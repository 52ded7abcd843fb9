using System.Diagnostics;

namespace EventMl.Bench;

/// <summary>Samples per second of the CNN beside python3-torch; a program of its own, see <c>bench/Training</c>.</summary>
internal static class TrainingComparison
{
    public static async Task RunAsync(Action<string> say)
    {
        // …/bin/EventMl.Bench/release/ and …/bin/EventMl.Bench.Training/release/ are neighbours.
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        var program = Path.Combine(own.Parent!.Parent!.FullName, "EventMl.Bench.Training", own.Name, "EventMl.Bench.Training.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            say(line);
        }

        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} ended with exit code {process.ExitCode}; its message is above.");
        }
    }
}
