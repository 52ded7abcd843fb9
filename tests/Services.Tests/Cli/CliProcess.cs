using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EventMl.Services.Tests.Cli;

/// <summary>The command line as its own process, as a shell starts it.</summary>
internal sealed partial class CliProcess : IDisposable
{
    private const int SigInt = 2;
    private readonly Process _process;
    private readonly Task<string> _out;
    private readonly Task<string> _error;

    private CliProcess(Process process)
    {
        _process = process;
        _out = process.StandardOutput.ReadToEndAsync();
        _error = process.StandardError.ReadToEndAsync();
    }

    public static string Executable { get; } = Path.Combine(AppContext.BaseDirectory, "EventMl.Cli");

    public static CliProcess Start(params string[] args) => new(Process.Start(
        new ProcessStartInfo(Executable, args) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!);

    public void Interrupt() => Kill(_process.Id, SigInt).ShouldBe(0);

    public async Task<CliRun> EndAsync(CancellationToken cancel)
    {
        await _process.WaitForExitAsync(cancel).WaitAsync(TimeSpan.FromSeconds(30), cancel);
        return new CliRun(_process.ExitCode, await _out, await _error);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
