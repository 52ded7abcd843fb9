using System.Diagnostics;
using System.IO.Compression;
using System.Runtime.InteropServices;
using EventMl.Torch;

// Training samples per second of the CNN conv32-conv64-fc128, side by side with python3-torch:
//   dotnet run -c Release --project bench/Training [-- SAMPLES RUNS THREADS]
const double Goal = 0.97;
const int Batch = 64;
var count = args.Length > 0 ? int.Parse(args[0]) : 3200;
var runs = args.Length > 1 ? int.Parse(args[1]) : 7;
var threads = args.Length > 2 ? int.Parse(args[2]) : Environment.ProcessorCount;
var folder = Directory.CreateTempSubdirectory("eventml-bench-").FullName;
try
{
    var (images, labels) = FashionMnist(count) ?? Synthetic(count);
    File.WriteAllBytes(Path.Combine(folder, "images"), images);
    File.WriteAllBytes(Path.Combine(folder, "labels"), MemoryMarshal.AsBytes(labels.AsSpan()));
    var definition = new ModelDefinition
    {
        Layers =
        [
            new() { Type = "conv2d", InChannels = 1, OutChannels = 32, KernelSize = 3 }, new() { Type = "relu" },
            new() { Type = "conv2d", InChannels = 32, OutChannels = 64, KernelSize = 3 }, new() { Type = "relu" }, new() { Type = "max_pool2d", KernelSize = 2 },
            new() { Type = "flatten" }, new() { Type = "linear", InFeatures = 9216, OutFeatures = 128 }, new() { Type = "relu" },
            new() { Type = "linear", InFeatures = 128, OutFeatures = 10 },
        ],
        Input = new() { Shape = [1, 28, 28], Scale = 1 / 255.0, Mean = [0.286], Std = [0.353] },
        Output = new() { Classes = 10 },
    };
    var data = new TrainingData(images, labels, 784, 10);
    await using var trainer = await ModelTrainer.CreateAsync(definition, new TrainerOptions { BatchSize = Batch, Threads = threads });
    using var peer = Process.Start(new ProcessStartInfo("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "torch_peer.py"), folder, $"{count}", $"{Batch}", $"{threads}"])
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;
    Console.WriteLine($"{torch.version()}, {threads} threads, {count} samples, batch {Batch}, one warm-up, {runs} alternating runs");
    var (ratios, cpuRatios) = (new List<double>(), new List<double>());
    for (var run = 0; run <= runs; run++)
    {
        // Each side goes first in turn, so that a machine that slows down favours neither.
        (double Wall, double Cpu) mine, theirs;
        if (run % 2 == 0) (mine, theirs) = (await Mine(), Theirs());
        else (theirs, mine) = (Theirs(), await Mine());
        if (run == 0) continue;
        ratios.Add(mine.Wall / theirs.Wall);
        cpuRatios.Add(mine.Cpu / theirs.Cpu);
        Console.WriteLine($"run {run}: eventml {mine.Wall:F0} samples/s, python3-torch {theirs.Wall:F0} samples/s, ratio {ratios[^1]:F3}, per CPU second {cpuRatios[^1]:F3}");
    }

    peer.StandardInput.Close();
    await peer.WaitForExitAsync();
    ratios.Sort();
    cpuRatios.Sort();
    // On a busy machine the clock measures the neighbours; the processor time does not.
    Console.WriteLine($"median ratio per CPU second {cpuRatios[cpuRatios.Count / 2]:F3}");
    var median = ratios[ratios.Count / 2];
    Console.WriteLine($"bench training.cnn ratio={median:F3} goal={Goal} {(median >= Goal ? "ok" : "short")}");

    async Task<(double Wall, double Cpu)> Mine()
    {
        var before = Environment.CpuUsage.TotalTime;
        var metrics = await trainer.TrainEpochAsync(trainer.Epoch + 1, data);
        return (metrics.SamplesPerSecond, count / (Environment.CpuUsage.TotalTime - before).TotalSeconds);
    }

    (double Wall, double Cpu) Theirs()
    {
        peer.StandardInput.WriteLine("run");
        peer.StandardInput.Flush();
        var line = peer.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The Python side ended; its message is above.");
        var numbers = line.Split(' ');
        return (double.Parse(numbers[0]), double.Parse(numbers[1]));
    }
}
finally
{
    Directory.Delete(folder, recursive: true);
}

static (byte[] Images, long[] Labels)? FashionMnist(int count)
{
    const string Folder = "/usr/share/datasets/fashion-mnist";
    if (!Directory.Exists(Folder) || count > 60_000) return null;
    var images = Gunzip("train-images-idx3-ubyte.gz").AsSpan(16, count * 784).ToArray();
    var labels = Gunzip("train-labels-idx1-ubyte.gz").AsSpan(8, count).ToArray().Select(b => (long)b).ToArray();
    return (images, labels);

    static byte[] Gunzip(string name)
    {
        using var file = new GZipStream(File.OpenRead(Path.Combine(Folder, name)), CompressionMode.Decompress);
        using var memory = new MemoryStream();
        file.CopyTo(memory);
        return memory.ToArray();
    }
}

static (byte[] Images, long[] Labels) Synthetic(int count)
{
    var random = new Random(1);
    var images = new byte[count * 784];
    random.NextBytes(images);
    return (images, [.. Enumerable.Range(0, count).Select(_ => (long)random.Next(10))]);
}
