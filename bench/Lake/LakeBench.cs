using System.Diagnostics;
using System.Text.Json.Nodes;
using EventMl.Arrow;

namespace EventMl.Bench.Lake;

/// <summary>
/// A numeric dataset of 2 GB (int64, int32, float32, float64) beside Polars on the same Arrow file: the sum of every column, warm, with one and two
/// threads; writing it, with the disk's own speed; the time until the first batch of the mapped file is there.
/// </summary>
internal static class LakeBench
{
    private const int Rows = 42_000_000;
    private const int BatchRows = 250_000;
    private const int Rounds = 3;
    private const double ScanGoal = 1.0;
    private const double WriteGoal = 0.8;
    private const double FirstBatchGoal = 20;
    private const double Megabyte = 1e6;

    private static readonly ArrowSchema _schema = new(
    [
        new ArrowField("a", ArrowType.Of(ArrowKind.Int64)), new ArrowField("b", ArrowType.Of(ArrowKind.Int32)), new ArrowField("c", ArrowType.Of(ArrowKind.Float32)),
        new ArrowField("d", ArrowType.Of(ArrowKind.Float64)), new ArrowField("e", ArrowType.Of(ArrowKind.Float64)), new ArrowField("f", ArrowType.Of(ArrowKind.Float64)),
        new ArrowField("g", ArrowType.Of(ArrowKind.Int64)),
    ]);

    public static Task ScanAsync(Action<string> say) => WithFileAsync(async (folder, path, size) =>
    {
        for (var threads = 1; threads <= 2; threads++)
        {
            await using var polars = await PolarsPeer.StartAsync(threads, path, Path.Combine(folder, "polars.arrow"));
            var (ours, theirs) = (new List<double>(), new List<double>());
            for (var round = 0; round <= Rounds; round++)
            {
                var (seconds, sums) = await polars.AskAsync("scan");
                var began = Stopwatch.GetTimestamp();
                var own = Scan(path, threads);
                var time = Stopwatch.GetElapsedTime(began).TotalSeconds;
                Compare(own, sums);
                // The first round warms both up.
                if (round > 0)
                {
                    ours.Add(time);
                    theirs.Add(seconds);
                }
            }

            var (mine, other) = (Numbers.Median(ours), Numbers.Median(theirs));
            Say(say, $"lake.scan.{threads}", other / mine, ScanGoal, $"mb_per_second={size / Megabyte / mine:F0} polars={size / Megabyte / other:F0}");
        }
    });

    public static Task WriteAsync(Action<string> say) => WithFileAsync(async (folder, path, size) =>
    {
        await using var polars = await PolarsPeer.StartAsync(Environment.ProcessorCount, path, Path.Combine(folder, "polars.arrow"));
        using var file = ArrowFile.Open(path);
        var batches = file.Batches().ToList();
        var target = Path.Combine(folder, "again.arrow");
        var (ours, theirs, disk) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            theirs.Add((await polars.AskAsync("write")).Seconds);
            ours.Add(Timed(() => Write(target, batches)));
            File.Delete(target);
            disk.Add(Timed(() => Copy(path, target)));
            File.Delete(target);
        }

        var (mine, other) = (Numbers.Median(ours), Numbers.Median(theirs));
        Say(say, "lake.write", other / mine, WriteGoal,
            $"mb_per_second={size / Megabyte / mine:F0} polars={size / Megabyte / other:F0} copy={size / Megabyte / Numbers.Median(disk):F0}");
    });

    public static Task FirstBatchAsync(Action<string> say) => WithFileAsync((_, path, _) =>
    {
        var times = Enumerable.Range(0, 10).Select(round => 1000 * Timed(() =>
        {
            using var file = ArrowFile.Open(path);
            _ = ColumnSums.Of(file.Batch(0));
        })).ToList();
        var median = Numbers.Median(times);
        say(Line($"bench lake.first_batch milliseconds={median:F2} worst={times.Max():F2} goal={FirstBatchGoal} {(median <= FirstBatchGoal ? "ok" : "short")}"));
        return Task.CompletedTask;
    });

    private static double[] Scan(string path, int threads)
    {
        using var file = ArrowFile.Open(path);
        var sums = new double[file.BatchCount][];
        Parallel.For(0, file.BatchCount, new ParallelOptions { MaxDegreeOfParallelism = threads }, i => sums[i] = ColumnSums.Of(file.Batch(i)));
        return [.. Enumerable.Range(0, sums[0].Length).Select(column => sums.Sum(s => s[column]))];
    }

    private static void Compare(double[] ours, double[] theirs)
    {
        for (var i = 0; i < ours.Length; i++)
        {
            // Polars sums float32 in float32.
            if (Math.Abs(ours[i] - theirs[i]) > Math.Abs(ours[i]) * 1e-4)
            {
                throw new InvalidOperationException($"The sums of column {i} differ: {ours[i]} and {theirs[i]}.");
            }
        }
    }

    private static async Task WithFileAsync(Func<string, string, long, Task> measure)
    {
        var folder = BenchFiles.Folder("lake");
        try
        {
            var path = Path.Combine(folder, "rows.arrow");
            Write(path, Generate());
            await measure(folder, path, new FileInfo(path).Length);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<RecordBatch> Generate()
    {
        var builder = new RecordBatchBuilder(_schema);
        var (longs, integers, singles, doubles) = (new long[BatchRows], new int[BatchRows], new float[BatchRows], new double[BatchRows]);
        for (var start = 0; start < Rows; start += BatchRows)
        {
            for (var row = 0; row < BatchRows; row++)
            {
                var value = (uint)((start + row) * 2_654_435_761L);
                (longs[row], integers[row], singles[row], doubles[row]) = (value, (int)(value % 50), value % 1000 / 8f, value / 3.0);
            }

            builder.Column<PrimitiveBuilder<int>>("b").Append(integers);
            builder.Column<PrimitiveBuilder<float>>("c").Append(singles);
            foreach (var name in (string[])["a", "g"])
            {
                builder.Column<PrimitiveBuilder<long>>(name).Append(longs);
            }

            foreach (var name in (string[])["d", "e", "f"])
            {
                builder.Column<PrimitiveBuilder<double>>(name).Append(doubles);
            }

            yield return builder.Build();
        }
    }

    private static void Write(string path, IEnumerable<RecordBatch> batches)
    {
        using var writer = ArrowFileWriter.Create(path, _schema);
        foreach (var batch in batches)
        {
            writer.Write(batch);
        }

        writer.Finish();
    }

    private static void Copy(string from, string to)
    {
        using var source = File.OpenRead(from);
        using var target = File.Create(to);
        source.CopyTo(target, 1 << 20);
    }

    private static double Timed(Action action)
    {
        var began = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static void Say(Action<string> say, string name, double ratio, double goal, FormattableString more) =>
        say(Line($"bench {name} ratio={ratio:F2} {FormattableString.Invariant(more)} goal={goal} {(ratio >= goal ? "ok" : "short")}"));

    private static string Line(FormattableString line) => FormattableString.Invariant(line);
}
