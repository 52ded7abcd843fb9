using System.Diagnostics;
using EventMl.Testing;
using EventMl.Torch;

namespace EventMl.Foundation.Tests.Torch;

/// <summary>The native library, built once on a machine unless EVENTML_TORCH_NATIVE names one.</summary>
public sealed class TorchFixture : IAsyncLifetime
{
    public static string Root => TestServers.RepositoryRoot;

    public async ValueTask InitializeAsync()
    {
        await TestTorch.EnsureNativeAsync();
        torch.set_num_threads(1);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}\n{output}\n{error.GetAwaiter().GetResult()}");
        return output;
    }
}

// libtorch's random numbers and the count of live tensors belong to the process, so these tests run one after the other.
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TorchTests : ICollectionFixture<TorchFixture>
{
    public const string Name = "torch";
}

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("eventml-torch-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

internal static class Samples
{
    public static ModelDefinition SmallCnn(double dropout = 0.25) => new()
    {
        Layers =
        [
            new() { Type = "conv2d", InChannels = 1, OutChannels = 4, KernelSize = 3 },
            new() { Type = "batch_norm2d", NumFeatures = 4 },
            new() { Type = "relu" },
            new() { Type = "max_pool2d", KernelSize = 2 },
            new() { Type = "dropout", P = dropout },
            new() { Type = "flatten" },
            new() { Type = "linear", InFeatures = 36, OutFeatures = 3 },
        ],
        Input = new() { Shape = [1, 8, 8], Scale = 1 / 255.0, Mean = [0.3], Std = [0.4] },
        Output = new() { Classes = 3, Labels = ["left", "middle", "right"] },
    };

    /// <summary>Images with a bright column whose place is the class.</summary>
    public static TrainingData Columns(int rows, int seed = 1)
    {
        var random = new Random(seed);
        var (pixels, labels) = (new byte[rows * 64], new long[rows]);
        random.NextBytes(pixels);
        for (var row = 0; row < rows; row++)
        {
            labels[row] = random.Next(3);
            for (var y = 0; y < 8; y++)
                for (var x = 0; x < 8; x++)
                    pixels[row * 64 + y * 8 + x] = (byte)(x == 1 + labels[row] * 2 ? 255 : pixels[row * 64 + y * 8 + x] / 4);
        }

        return new TrainingData(pixels, labels, 64, 3);
    }
}
