using System.Diagnostics;
using System.Text.Json;
using EventMl.Testing;

namespace EventMl.Data.Tests.Transforms;

/// <summary>What Debian's scikit-learn makes of <see cref="TransformData"/>, asked once.</summary>
public sealed class SklearnFixture
{
    private readonly Lazy<Task<Dictionary<string, PeerResult>>> _results = new(AskAsync);

    internal async Task<PeerResult> ResultAsync(string name) => (await _results.Value)[name];

    internal async Task<IEnumerable<string>> NamesAsync() => (await _results.Value).Keys;

    private static async Task<Dictionary<string, PeerResult>> AskAsync()
    {
        var start = new ProcessStartInfo("/usr/bin/python3", [Path.Combine(TestServers.RepositoryRoot, "tests/Data.Tests/peers/sklearn_transforms.py")])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var python = Process.Start(start)!;
        var (output, errors) = (python.StandardOutput.ReadToEndAsync(), python.StandardError.ReadToEndAsync());
        var columns = TransformData.Columns.ToDictionary(c => c.Key, c => c.Value.Select(v => v is byte[] bytes ? bytes.Select(b => (int)b).ToArray() : v));
        await JsonSerializer.SerializeAsync(python.StandardInput.BaseStream, columns);
        python.StandardInput.Close();
        await python.WaitForExitAsync();
        python.ExitCode.ShouldBe(0, $"scikit-learn failed (infra/local/packages sklearn installs it): {await errors}");
        return JsonSerializer.Deserialize<Dictionary<string, PeerResult>>(await output, JsonSerializerOptions.Web)!;
    }
}

internal sealed record PeerResult(JsonElement[][] Values, string[]? Names);
