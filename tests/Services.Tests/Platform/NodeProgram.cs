using System.Diagnostics;
using EventMl.Testing;

namespace EventMl.Services.Tests.Platform;

/// <summary>Programs of <c>samples/clients/node</c>, run from a copy with their packages installed.</summary>
internal static class NodeProgram
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);
    private static readonly Lazy<Task<(string? Folder, string Problem)>> Installed = new(InstallAsync);

    /// <summary>Why they cannot run here; null when they can.</summary>
    public static async Task<string?> ProblemAsync() => (await Installed.Value) is (null, var problem) ? problem : null;

    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var folder = (await Installed.Value).Folder!;
        return await RunAsync("node", folder, [program, .. arguments], environment);
    }

    private static async Task<(string? Folder, string Problem)> InstallAsync()
    {
        var folder = Directory.CreateTempSubdirectory("eventml-node-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        foreach (var file in Directory.GetFiles(Path.Combine(TestServers.RepositoryRoot, "samples", "clients", "node")))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        try
        {
            var (exitCode, output, error) = await RunAsync("npm", folder, ["install", "--no-audit", "--no-fund", "--no-package-lock"]);
            return exitCode == 0 ? (folder, "") : (null, $"amqplib cannot be installed (npm install, exit code {exitCode}): {output}{error}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (null, "Node.js and npm are not installed (infra/local/packages node).");
        }
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(string program, string folder, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}
