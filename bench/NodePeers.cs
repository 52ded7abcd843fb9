using System.Diagnostics;

namespace EventMl.Bench;

/// <summary>Peers that run in Node, with the packages that the tests install.</summary>
internal static class NodePeers
{
    /// <summary>How to start a script of this folder; its packages are installed where they are missing.</summary>
    public static async Task<ProcessStartInfo> StartInfoAsync(string script, params IEnumerable<string> arguments)
    {
        var peers = Path.Combine(BenchFiles.Root, "artifacts/peers/foundation");
        if (!File.Exists(Path.Combine(peers, "node_modules/nodejs-polars/package.json")))
        {
            Directory.CreateDirectory(peers);
            foreach (var file in (string[])["package.json", "package-lock.json", ".npmrc"])
            {
                File.Copy(Path.Combine(BenchFiles.Root, "tests/Foundation.Tests/peers", file), Path.Combine(peers, file), overwrite: true);
            }

            await RunAsync(new ProcessStartInfo("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"]) { WorkingDirectory = peers });
        }

        var start = new ProcessStartInfo("node", [Path.Combine(BenchFiles.Root, "bench", script), .. arguments]);
        start.Environment["NODE_PATH"] = Path.Combine(peers, "node_modules");
        return start;
    }

    /// <summary>Runs a program to its end and returns what it wrote.</summary>
    public static async Task<string> RunAsync(ProcessStartInfo start)
    {
        (start.UseShellExecute, start.RedirectStandardOutput) = (false, true);
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{start.FileName} ended with exit code {process.ExitCode}; its message is above.");
    }
}
