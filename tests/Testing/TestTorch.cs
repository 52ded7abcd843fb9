using System.Diagnostics;

namespace EventMl.Testing;

/// <summary>The libtorch shim that this process and its children load.</summary>
public static class TestTorch
{
    private const string Variable = "EVENTML_TORCH_NATIVE";
    private static readonly TimeSpan s_buildLimit = TimeSpan.FromMinutes(10);

    /// <summary>Names the shim in EVENTML_TORCH_NATIVE unless it is named already; compiles it on the first use of a machine.</summary>
    /// <exception cref="InvalidOperationException">It could not be compiled; the message holds the compiler's words.</exception>
    public static async Task EnsureNativeAsync()
    {
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable)))
            return;
        var start = new ProcessStartInfo(Path.Combine(TestServers.RepositoryRoot, "infra", "local", "shim"))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("infra/local/shim could not be started.");
        using var limit = new CancellationTokenSource(s_buildLimit);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"The libtorch shim could not be built:\n{await error}");
        Environment.SetEnvironmentVariable(Variable, (await output).Trim());
    }
}
