using System.Diagnostics;
using System.Text.Json.Nodes;

namespace EventMl.Bench.Lake;

/// <summary>Polars in a process of its own, which measures itself when asked.</summary>
internal sealed class PolarsPeer : IAsyncDisposable
{
    private readonly Process _process;

    private PolarsPeer(Process process) => _process = process;

    public static async Task<PolarsPeer> StartAsync(int threads, string input, string output)
    {
        var start = await NodePeers.StartInfoAsync("Lake/polars_lake.cjs", input, output);
        (start.UseShellExecute, start.RedirectStandardInput, start.RedirectStandardOutput) = (false, true, true);
        start.Environment["POLARS_MAX_THREADS"] = $"{threads}";
        var peer = new PolarsPeer(Process.Start(start)!);
        _ = await peer.ReadAsync();
        return peer;
    }

    public async Task<(double Seconds, double[] Sums)> AskAsync(string what)
    {
        await _process.StandardInput.WriteLineAsync(what);
        await _process.StandardInput.FlushAsync();
        var answer = JsonNode.Parse(await ReadAsync())!;
        return (answer["seconds"]!.GetValue<double>(), [.. answer["sums"]!.AsArray().Select(s => s!.GetValue<double>())]);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<string> ReadAsync() => await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("Polars ended; its message is above.");
}
