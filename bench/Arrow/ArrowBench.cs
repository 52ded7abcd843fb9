using System.Diagnostics;
using System.Text.Json.Nodes;
using EventMl.Arrow;

namespace EventMl.Bench.Arrow;

/// <summary>
/// Writing and reading 10,000,000 rows of int64, float64 and text, beside Polars on the same file; the disk's own speed for comparison; the time until the first
/// batch of a mapped file is there.
/// </summary>
internal static class ArrowBench
{
    private const int Rows = 10_000_000;
    private const int BatchRows = 250_000;
    private const int Rounds = 3;
    private const double WriteGoal = 0.8;
    private const double ReadGoal = 1.0;
    private const double FirstBatchGoal = 20;
    private const double Megabyte = 1e6;

    public static async Task RunAsync(Action<string> say)
    {
        var folder = Directory.CreateTempSubdirectory("eventml-bench-arrow-").FullName;
        try
        {
            var path = Path.Combine(folder, "rows.arrow");
            var batches = Build(out var buildSeconds);
            var size = Write(path, batches, ArrowCompression.None).Bytes;
            say(Line($"# building {Rows} rows row by row: {buildSeconds:F2} s, {size / Megabyte / buildSeconds:F0} MB/s; the file has {size / Megabyte:F0} MB"));
            var polars = JsonNode.Parse(await NodePeers.RunAsync(await NodePeers.StartInfoAsync("Arrow/polars.cjs", path, Path.Combine(folder, "polars.arrow"), $"{Rounds}")))!;
            WriteAgain(folder, batches, size, polars, say);
            ReadAll(path, size, polars, say);
            FirstBatch(path, say);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static List<RecordBatch> Build(out double seconds)
    {
        var schema = new ArrowSchema(
        [
            new ArrowField("n", ArrowType.Of(ArrowKind.Int64)), new ArrowField("x", ArrowType.Of(ArrowKind.Float64)), new ArrowField("s", ArrowType.Of(ArrowKind.Utf8)),
        ]);
        string[] words = [.. Enumerable.Range(0, 1000).Select(i => $"row number {i * 7919}")];
        var builder = new RecordBatchBuilder(schema);
        var (n, x, s) = (builder.Column<PrimitiveBuilder<long>>("n"), builder.Column<PrimitiveBuilder<double>>("x"), builder.Column<Utf8Builder>("s"));
        var batches = new List<RecordBatch>();
        var began = Stopwatch.GetTimestamp();
        for (var row = 0; row < Rows; row++)
        {
            n.Append(row * 31L);
            x.Append(row * 0.5);
            s.Append(words[row % words.Length]);
            if (n.Length == BatchRows)
            {
                batches.Add(builder.Build());
            }
        }

        seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return batches;
    }

    private static (double Seconds, long Bytes) Write(string path, List<RecordBatch> batches, ArrowCompression compression)
    {
        File.Delete(path);
        var began = Stopwatch.GetTimestamp();
        using (var writer = ArrowFileWriter.Create(path, batches[0].Schema, new ArrowWriteOptions { Compression = compression }))
        {
            foreach (var batch in batches)
            {
                writer.Write(batch);
            }

            writer.Finish();
        }

        return (Stopwatch.GetElapsedTime(began).TotalSeconds, new FileInfo(path).Length);
    }

    private static void WriteAgain(string folder, List<RecordBatch> batches, long size, JsonNode polars, Action<string> say)
    {
        var path = Path.Combine(folder, "again.arrow");
        foreach (var (compression, name) in new[] { (ArrowCompression.None, "none"), (ArrowCompression.Lz4, "lz4"), (ArrowCompression.Zstd, "zstd") })
        {
            var seconds = Numbers.Median(Enumerable.Range(0, Rounds).Select(_ => Write(path, batches, compression).Seconds).ToList());
            var stored = new FileInfo(path).Length;
            var reading = Numbers.Median(Enumerable.Range(0, Rounds).Select(_ => Timed(() => Sum(path))).ToList());
            var theirs = polars["write"]![name]!.GetValue<double>();
            Say(say, $"arrow.write.{name}", theirs / seconds, WriteGoal,
                $"mb_per_second={size / Megabyte / seconds:F0} polars={size / Megabyte / theirs:F0} stored_mb={stored / Megabyte:F0} read_again_mb_per_second={size / Megabyte / reading:F0}");
        }

        var bytes = new byte[size];
        var disk = Numbers.Median(Enumerable.Range(0, Rounds).Select(_ => Timed(() => File.WriteAllBytes(path, bytes))).ToList());
        say(Line($"# the disk takes {size / Megabyte / disk:F0} MB/s of the same size"));
        File.Delete(path);
    }

    private static void ReadAll(string path, long size, JsonNode polars, Action<string> say)
    {
        var (n, x, matches) = Sum(path);
        var (theirN, theirX, theirMatches) = (polars["n"]!.GetValue<double>(), polars["x"]!.GetValue<double>(), polars["matches"]!.GetValue<long>());
        if (n != theirN || Math.Abs(x - theirX) > Math.Abs(x) * 1e-9 || matches != theirMatches)
        {
            throw new InvalidOperationException($"The sums differ: {n}, {x}, {matches} and {theirN}, {theirX}, {theirMatches}.");
        }

        var seconds = Numbers.Median(Enumerable.Range(0, Rounds).Select(_ => Timed(() => Sum(path))).ToList());
        var theirs = polars["read"]!.GetValue<double>();
        Say(say, "arrow.read", theirs / seconds, ReadGoal, $"mb_per_second={size / Megabyte / seconds:F0} polars={size / Megabyte / theirs:F0}");
        var texts = Timed(() => Texts(path));
        say(Line($"# every text as a string: {size / Megabyte / texts:F0} MB/s, {Rows / texts / 1e6:F1} million rows/s"));
    }

    private static (double N, double X, long Matches) Sum(string path)
    {
        using var file = ArrowFile.Open(path);
        var (n, x, matches) = (0L, 0.0, 0L);
        foreach (var batch in file.Batches())
        {
            foreach (var value in batch.Column("n").Values<long>())
            {
                n += value;
            }

            foreach (var value in batch.Column("x").Values<double>())
            {
                x += value;
            }

            _ = batch.Column<Utf8Column>("s").TryGetOffsets(out var offsets, out var data);
            for (var row = 0; row + 1 < offsets.Length; row++)
            {
                if (data[offsets[row]..offsets[row + 1]].SequenceEqual("row number 7919"u8))
                {
                    matches++;
                }
            }
        }

        return (n, x, matches);
    }

    private static void Texts(string path)
    {
        using var file = ArrowFile.Open(path);
        var characters = 0L;
        foreach (var batch in file.Batches())
        {
            var texts = batch.Column<Utf8Column>("s");
            for (var row = 0; row < texts.Length; row++)
            {
                characters += texts.GetString(row)!.Length;
            }
        }

        if (characters == 0)
        {
            throw new InvalidOperationException("there are no texts");
        }
    }

    private static void FirstBatch(string path, Action<string> say)
    {
        var times = Enumerable.Range(0, 10).Select(round => 1000 * Timed(() =>
        {
            using var file = ArrowFile.Open(path);
            _ = file.Batch(0).Column("n").Values<long>()[0];
        })).ToList();
        var median = Numbers.Median(times);
        say(Line($"bench arrow.first_batch milliseconds={median:F2} worst={times.Max():F2} goal={FirstBatchGoal} {(median <= FirstBatchGoal ? "ok" : "short")}"));
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
