using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using EventMl.Testing;

namespace EventMl.EndToEnd.Tests.Hosting;

/// <summary>Programs in other languages that read what the platform wrote, with nothing of ours in them.</summary>
internal static class Peer
{
    private static readonly SemaphoreSlim s_install = new(1, 1);

    public static async Task<JsonElement> PythonAsync(string script, params string[] arguments) =>
        JsonSerializer.Deserialize<JsonElement>(await RunAsync(new ProcessStartInfo("/usr/bin/python3", [Path.Combine(TestServers.RepositoryRoot, "tests/EndToEnd.Tests/peers", script), .. arguments])));

    /// <summary>Runs a script of Foundation.Tests' peers, which have apache-arrow.</summary>
    public static async Task<JsonElement> NodeAsync(string script, params string[] arguments)
    {
        var source = Path.Combine(TestServers.RepositoryRoot, "tests/Foundation.Tests/peers");
        var start = new ProcessStartInfo("node", [Path.Combine(source, script), .. arguments]);
        start.Environment["NODE_PATH"] = Path.Combine(await InstallAsync(source), "node_modules");
        return JsonSerializer.Deserialize<JsonElement>(await RunAsync(start));
    }

    private static async Task<string> InstallAsync(string source)
    {
        var target = Path.Combine(TestServers.RepositoryRoot, "artifacts/peers/end-to-end");
        var done = Path.Combine(target, "installed-package-lock.json");
        var wanted = await File.ReadAllTextAsync(Path.Combine(source, "package-lock.json"));
        await s_install.WaitAsync();
        try
        {
            if (!File.Exists(done) || await File.ReadAllTextAsync(done) != wanted)
            {
                Directory.CreateDirectory(target);
                foreach (var file in (string[])["package.json", "package-lock.json", ".npmrc"])
                {
                    File.Copy(Path.Combine(source, file), Path.Combine(target, file), overwrite: true);
                }

                await RunAsync(new ProcessStartInfo("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"]) { WorkingDirectory = target });
                await File.WriteAllTextAsync(done, wanted);
            }

            return target;
        }
        finally
        {
            s_install.Release();
        }
    }

    private static async Task<string> RunAsync(ProcessStartInfo start)
    {
        (start.UseShellExecute, start.RedirectStandardOutput, start.RedirectStandardError) = (false, true, true);
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            Assert.Skip($"{start.FileName} is not installed; it checks the platform's files from another language.");
            throw;
        }

        using (process)
        {
            var error = process.StandardError.ReadToEndAsync();
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            process.ExitCode.ShouldBe(0, await error);
            return output;
        }
    }
}
