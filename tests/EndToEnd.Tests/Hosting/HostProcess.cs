using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace EventMl.EndToEnd.Tests.Hosting;

/// <summary>One host as a process of the operating system, as the launcher starts it.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private const int LogTail = 60;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(180);
    private readonly Process _process;
    private readonly List<string> _log = [];
    private readonly HttpClient _client;

    private HostProcess(Process process, string name, Uri address)
    {
        (_process, Name, Address) = (process, name, address);
        _client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
        _process.OutputDataReceived += (_, line) => Note(line.Data);
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public static string Assembly { get; } = Path.Combine(AppContext.BaseDirectory, "EventMl.Host.dll");

    public string Name { get; }

    public Uri Address { get; }

    public int Id => _process.Id;

    public bool IsAlive => !_process.HasExited;

    public string Log
    {
        get
        {
            lock (_log)
            {
                return string.Join('\n', _log.TakeLast(LogTail));
            }
        }
    }

    /// <summary>Whether any line of the log so far holds the text.</summary>
    public bool HasLogged(string text)
    {
        lock (_log)
        {
            return _log.Exists(l => l.Contains(text, StringComparison.Ordinal));
        }
    }

    /// <summary>Starts a host on a free port of loopback; <see cref="ReadyAsync"/> waits for it.</summary>
    public static HostProcess Start(string name, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        return new HostProcess(Process.Start(Describe(environment, [.. arguments, "--urls", address.ToString()]))!, name, address);
    }

    /// <summary>Runs a host command that ends by itself, such as <c>--declare</c>, and returns what it printed.</summary>
    public static async Task<string> RunAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using var process = Process.Start(Describe(environment, arguments))!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, $"{string.Join(' ', arguments)} failed:\n{await output}\n{error}");
        return await output;
    }

    public async Task ReadyAsync() => await Wait.UntilAsync(
        async () =>
        {
            if (!IsAlive)
            {
                throw new InvalidOperationException($"The host '{Name}' ended with exit code {_process.ExitCode} while it started:\n{Log}");
            }

            try
            {
                using var answer = await _client.GetAsync("/health/ready");
                return answer.StatusCode == HttpStatusCode.OK;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        },
        $"host '{Name}' to be ready",
        StartLimit);

    /// <summary>Ends the host alone, as a crash would; what it started is left to the kernel.</summary>
    public async Task KillAsync()
    {
        Processes.Signal(Id, Processes.SigKill);
        await _process.WaitForExitAsync();
    }

    public void Stop() => Processes.Signal(Id, Processes.SigStop);

    public void Continue() => Processes.Signal(Id, Processes.SigCont);

    public async ValueTask DisposeAsync()
    {
        if (IsAlive)
        {
            // A stopped process takes no other signal.
            Processes.Signal(Id, Processes.SigCont);
            Processes.Signal(Id, 15);
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                await KillAsync();
            }
        }

        _client.Dispose();
        _process.Dispose();
    }

    private static ProcessStartInfo Describe(IReadOnlyDictionary<string, string> environment, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Assembly, .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    // Below the range that the kernel hands to outgoing connections.
    private static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(20000, 32000);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken; another one.
            }
        }
    }

    private void Note(string? line)
    {
        if (line is not null)
        {
            lock (_log)
            {
                _log.Add(line);
            }
        }
    }
}
