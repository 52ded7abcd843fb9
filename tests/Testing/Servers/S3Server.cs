using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace EventMl.Testing;

/// <summary>npm's s3rver: an S3-compatible store that ignores conditional PUT, as some do. It ends with the test run, with all data.</summary>
public sealed class S3Server
{
    /// <summary>The only bucket; scenarios use prefixes of their own.</summary>
    public const string Bucket = "lake";

    /// <summary>The id and the secret of its key.</summary>
    public const string Key = "S3RVER";

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(4);
    private static readonly Lazy<Task<(S3Server? Server, string Problem)>> s_shared = new(StartAsync);

    private S3Server(Uri address) => Address = address;

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>The server of this test run, or why there is none here.</summary>
    public static Task<(S3Server? Server, string Problem)> SharedAsync() => s_shared.Value;

    private static async Task<(S3Server?, string)> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("eventml-s3-").FullName;
        try
        {
            var packages = await InstallAsync();
            var server = Start(packages, "node", "server.cjs", folder, Bucket);
            AppDomain.CurrentDomain.ProcessExit += (_, _) =>
            {
                server.Kill();
                server.WaitForExit();
                Directory.Delete(folder, recursive: true);
            };
            return await server.StandardOutput.ReadLineAsync().WaitAsync(s_limit) is { } port
                ? (new S3Server(new Uri($"http://127.0.0.1:{int.Parse(port, CultureInfo.InvariantCulture)}")), "")
                : (null, $"s3rver did not start: {await server.StandardError.ReadToEndAsync()}");
        }
        catch (InvalidOperationException e)
        {
            return (null, e.Message);
        }
        catch (Win32Exception)
        {
            return (null, "Node.js and npm are not installed (infra/local/packages node).");
        }
    }

    // Once per checkout; several test programs may come at the same time.
    private static async Task<string> InstallAsync()
    {
        var source = Path.Combine(TestServers.RepositoryRoot, "tests", "Testing", "Servers", "s3");
        var target = Directory.CreateDirectory(Path.Combine(TestServers.RepositoryRoot, "artifacts", "peers", "s3")).FullName;
        await using var locked = await LockAsync(target + ".lock");
        var done = Path.Combine(target, "installed-package-lock.json");
        var wanted = await File.ReadAllTextAsync(Path.Combine(source, "package-lock.json"));
        foreach (var file in Directory.GetFiles(source))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)), overwrite: true);
        if (File.Exists(done) && await File.ReadAllTextAsync(done) == wanted)
            return target;
        using var install = Start(target, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts");
        var error = install.StandardError.ReadToEndAsync();
        var output = await install.StandardOutput.ReadToEndAsync().WaitAsync(s_limit);
        await install.WaitForExitAsync().WaitAsync(s_limit);
        if (install.ExitCode != 0)
            throw new InvalidOperationException($"s3rver cannot be installed (npm ci, exit code {install.ExitCode}): {output}{await error}");
        await File.WriteAllTextAsync(done, wanted);
        return target;
    }

    private static async Task<FileStream> LockAsync(string path)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (TimeProvider.System.GetElapsedTime(started) < s_limit)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        }
    }

    private static Process Start(string folder, string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        WorkingDirectory = folder, UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
    })!;
}
