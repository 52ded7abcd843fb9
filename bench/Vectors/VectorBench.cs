using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using EventMl.Arrow;
using EventMl.Data.Vectors;

namespace EventMl.Bench.Vectors;

/// <summary>
/// The 10 nearest of 1,000,000 vectors of 128 float32: exactly, beside NumPy with the system's BLAS, and through an index that is built here.
/// </summary>
internal static class VectorBench
{
    private const int Rows = 1_000_000;
    private const int BatchRows = 250_000;
    private const int Nearest = 10;
    private const int Rounds = 9;
    private const int WarmUps = 3;
    private const int Rest = 100;
    private const int Queries = 512;
    private const double OneGoal = 1.0;
    private const double ManyGoal = 0.5;
    private const double FasterGoal = 10;
    private const double RecallGoal = 0.95;
    private const double BuildGoal = 600;

    public static async Task RunAsync(Action<string> say)
    {
        var folder = BenchFiles.Folder("vectors");
        try
        {
            var (path, raw, asked) = (Path.Combine(folder, "rows.arrow"), Path.Combine(folder, "rows.f32"), Path.Combine(folder, "queries.f32"));
            var images = new ShiftedImages();
            var queries = images.Queries(Queries);
            File.WriteAllBytes(asked, MemoryMarshal.AsBytes<float>(queries));
            Write(images, path, raw);
            using var file = ArrowFile.Open(path);
            var batches = file.Batches().Select((b, i) => new VectorBatch(b.Column("vector"), (long)i * BatchRows)).ToList();
            var one = await ExactAsync(batches, queries, raw, asked, say);
            var exact = Exact(batches, new QueryVectors(ShiftedImages.Dimensions, queries));
            await ApproximateAsync(folder, batches, queries, exact, one, say);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Write(ShiftedImages images, string path, string raw)
    {
        var schema = new ArrowSchema([new ArrowField("vector", ArrowType.FixedSizeList(ArrowType.Of(ArrowKind.Float32), ShiftedImages.Dimensions))]);
        var builder = new RecordBatchBuilder(schema);
        using var writer = ArrowFileWriter.Create(path, schema);
        using var plain = File.Create(raw);
        for (var row = 0; row < Rows; row += BatchRows)
        {
            var rows = images.Rows(row, BatchRows);
            plain.Write(MemoryMarshal.AsBytes<float>(rows));
            builder.Column<FixedSizeListBuilder>("vector").Append<float>(rows);
            writer.Write(builder.Build());
        }

        writer.Finish();
    }

    private static async Task<double> ExactAsync(List<VectorBatch> batches, float[] queries, string raw, string asked, Action<string> say)
    {
        var path = Path.Combine(BenchFiles.Root, "bench/Vectors/numpy_peer.py");
        var start = new ProcessStartInfo("/usr/bin/python3", [path, raw, asked, $"{ShiftedImages.Dimensions}", $"{Nearest}"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false,
        };
        using var peer = Process.Start(start)!;
        _ = await peer.StandardOutput.ReadLineAsync();
        var one = 0.0;
        foreach (var (count, goal) in new[] { (1, OneGoal), (64, ManyGoal) })
        {
            var wanted = new QueryVectors(ShiftedImages.Dimensions, queries.AsSpan(0, count * ShiftedImages.Dimensions));
            var (ours, theirs) = (new List<double>(), new List<double>());
            for (var round = 0; round < Rounds + WarmUps; round++)
            {
                await peer.StandardInput.WriteLineAsync($"{count}");
                await peer.StandardInput.FlushAsync();
                var answer = JsonNode.Parse(await peer.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("NumPy ended; its message is above."))!;
                // The threads of OpenMP spin for a while after their work, on the cores that are wanted now.
                await Task.Delay(Rest);
                var began = Stopwatch.GetTimestamp();
                var found = Exact(batches, wanted);
                var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
                Compare(found, answer["rows"]!.AsArray());
                if (round >= WarmUps)
                {
                    ours.Add(seconds);
                    theirs.Add(answer["seconds"]!.GetValue<double>());
                }
            }

            var (own, other) = (Numbers.Median(ours), Numbers.Median(theirs));
            one = count == 1 ? own : one;
            say(Line($"bench vectors.exact_{count} ratio={other / own:F2} milliseconds={1000 * own:F1} numpy={1000 * other:F1} goal={goal} {Verdict(other / own >= goal)}"));
        }

        peer.StandardInput.Close();
        await peer.WaitForExitAsync();
        return one;
    }

    private static async Task ApproximateAsync(
        string folder, List<VectorBatch> batches, float[] queries, IReadOnlyList<IReadOnlyList<Neighbor>> exact, double one, Action<string> say)
    {
        var path = Path.Combine(folder, "rows.index");
        var began = Stopwatch.GetTimestamp();
        var info = await new VectorIndexBuilder(VectorMetric.L2).BuildAsync(batches.ToAsyncEnumerable(), path, "bench", "vector");
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        say(Line($"bench vectors.build seconds={seconds:F1} lists={info.Lists} mb={new FileInfo(path).Length / 1e6:F0} goal={BuildGoal} {Verdict(seconds <= BuildGoal)}"));
        using var index = VectorIndex.Open(path, "bench");
        foreach (var probes in info.Recall.Keys.Where(p => p <= 4 * info.Probes))
        {
            var times = new List<double>();
            var hits = 0;
            for (var round = 0; round < 2; round++)
            {
                (times, hits) = ([], 0);
                for (var query = 0; query < Queries; query++)
                {
                    var wanted = new QueryVectors(ShiftedImages.Dimensions, queries.AsSpan(query * ShiftedImages.Dimensions, ShiftedImages.Dimensions));
                    began = Stopwatch.GetTimestamp();
                    var found = index.Search(wanted, Nearest, probes)[0];
                    times.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
                    hits += found.Select(n => n.RowId).Intersect(exact[query].Select(n => n.RowId)).Count();
                }
            }

            var (median, recall) = (Numbers.Median(times), (double)hits / (Queries * Nearest));
            if (probes == info.Probes)
            {
                say(Line($"bench vectors.approximate ratio={one / median:F1} recall={recall:F3} milliseconds={1000 * median:F2} probes={probes} goal={FasterGoal} {Verdict(one / median >= FasterGoal && recall >= RecallGoal)}"));
            }
            else
            {
                say(Line($"# {probes} probes: {one / median:F1} times as fast, recall {recall:F3} (said at the build: {info.Recall[probes]:F3})"));
            }
        }
    }

    private static IReadOnlyList<IReadOnlyList<Neighbor>> Exact(List<VectorBatch> batches, QueryVectors queries)
    {
        var search = new ExactSearch(VectorMetric.L2, queries, Nearest);
        foreach (var batch in batches)
        {
            search.Observe(batch);
        }

        return search.Results();
    }

    private static void Compare(IReadOnlyList<IReadOnlyList<Neighbor>> ours, JsonArray theirs)
    {
        // NumPy takes distances from squares and products, so that near ones lose digits and may change places.
        var same = ours.Zip(theirs, (o, t) => o.Select(n => n.RowId).Intersect(t!.AsArray().Select(r => r!.GetValue<long>())).Count()).Sum();
        if (same < 0.99 * ours.Count * Nearest)
        {
            throw new InvalidOperationException($"Only {same} of {ours.Count * Nearest} neighbours are NumPy's.");
        }
    }

    private static string Verdict(bool reached) => reached ? "ok" : "short";

    private static string Line(FormattableString line) => FormattableString.Invariant(line);
}
