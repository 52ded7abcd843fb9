using System.ComponentModel;
using System.Diagnostics;

namespace EventMl.Foundation.Tests.Arrow;

/// <summary>Runs the scripts of tests/Foundation.Tests/peers with their packages installed under artifacts/.</summary>
internal static class NodePeer
{
    private static readonly SemaphoreSlim s_install = new(1, 1);

    public static string RepositoryRoot { get; } = FindRoot();

    public static string Fixture(string name) => Path.Combine(RepositoryRoot, "tests/Foundation.Tests/fixtures/arrow", name);

    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        var packages = await InstallAsync();
        var start = new ProcessStartInfo("node") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["NODE_PATH"] = Path.Combine(packages, "node_modules");
        start.ArgumentList.Add(Path.Combine(RepositoryRoot, "tests/Foundation.Tests/peers", script));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return await RunAsync(start);
    }

    private static async Task<string> InstallAsync()
    {
        var source = Path.Combine(RepositoryRoot, "tests/Foundation.Tests/peers");
        var target = Path.Combine(RepositoryRoot, "artifacts/peers/foundation");
        await s_install.WaitAsync();
        try
        {
            var done = Path.Combine(target, "installed-package-lock.json");
            var wanted = await File.ReadAllTextAsync(Path.Combine(source, "package-lock.json"));
            if (File.Exists(done) && await File.ReadAllTextAsync(done) == wanted)
                return target;
            Directory.CreateDirectory(target);
            foreach (var file in (string[])["package.json", "package-lock.json", ".npmrc"])
                File.Copy(Path.Combine(source, file), Path.Combine(target, file), overwrite: true);
            var start = new ProcessStartInfo("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            {
                WorkingDirectory = target, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
            };
            await RunAsync(start);
            await File.WriteAllTextAsync(done, wanted);
            return target;
        }
        finally
        {
            s_install.Release();
        }
    }

    private static async Task<string> RunAsync(ProcessStartInfo start)
    {
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            Assert.Skip($"{start.FileName} is not installed; it checks our files with apache-arrow for JavaScript.");
            throw;
        }

        using (process)
        {
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var text = await output;
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            process.ExitCode.ShouldBe(0, errors);
            return text;
        }
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "EventMl.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("EventMl.sln is not above the test folder.");
        return folder;
    }
}
