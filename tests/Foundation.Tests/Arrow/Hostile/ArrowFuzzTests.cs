using System.Diagnostics;
using EventMl.Arrow;

namespace EventMl.Foundation.Tests.Arrow.Hostile;

/// <summary>
/// Damages valid files and streams of every type and demands that reading refuses them with <see cref="ArrowFormatException"/> or gives values: no other error, no
/// crash, no memory beyond a limit. A failure names its seed; EVENTML_ARROW_FUZZ_SEED=N runs that one again.
/// </summary>
public sealed class ArrowFuzzTests
{
    private const long MaxUnpacked = 16 << 20;
    private const long MaxAllocated = 200 << 20;
    private const int Steps = 5_000;
    private static readonly TimeSpan s_slow = TimeSpan.FromSeconds(10);
    private static readonly ArrowReadOptions s_options = new() { MaxUnpackedBytes = MaxUnpacked, MaxMessageBytes = MaxUnpacked };
    private static readonly List<(string Name, byte[] Bytes)> s_seeds = [.. Seeds()];

    [Fact]
    public Task Refuses_or_reads_but_nothing_else_when_every_type_is_damaged() => RunAsync(TimeSpan.FromSeconds(7), firstSeed: 1);

    [Fact]
    [Trait("Category", "Deep")]
    public Task Refuses_or_reads_but_nothing_else_when_damaged_for_ten_minutes() => RunAsync(TimeSpan.FromMinutes(10), firstSeed: Random.Shared.Next(1 << 30));

    private static IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        foreach (var name in SampleColumns.Names)
        {
            yield return (name + " file", SampleColumns.Write(SampleColumns.Schema(name), 2, isFile: true));
            yield return (name + " stream", SampleColumns.Write(SampleColumns.Schema(name), 2, isFile: false, new ArrowWriteOptions { DictionaryDeltas = true }));
        }

        foreach (var compression in Enum.GetValues<ArrowCompression>())
        {
            foreach (var isFile in (bool[])[true, false])
                yield return ($"all {compression} {isFile}", SampleColumns.Write(SampleColumns.Schema(SampleColumns.Names), 2, isFile, new ArrowWriteOptions { Compression = compression, DictionaryDeltas = isFile }));
            yield return ($"repetitive {compression}", Repetitive(compression));
        }

        foreach (var path in Directory.GetFiles(Path.GetDirectoryName(NodePeer.Fixture("x"))!).Order(StringComparer.Ordinal))
            yield return (Path.GetFileName(path), File.ReadAllBytes(path));
    }

    private static byte[] Repetitive(ArrowCompression compression)
    {
        var builder = new RecordBatchBuilder(new ArrowSchema([new ArrowField("n", ArrowType.Of(ArrowKind.Int64)), new ArrowField("s", ArrowType.Of(ArrowKind.Utf8))]));
        for (var i = 0; i < 500; i++)
        {
            builder.Column<PrimitiveBuilder<long>>("n").Append(i / 7);
            builder.Column<Utf8Builder>("s").Append($"row number {i / 3} of many");
        }

        using var output = new MemoryStream();
        using var writer = new ArrowFileWriter(output, builder.Schema, leaveOpen: true, new ArrowWriteOptions { Compression = compression });
        writer.Write(builder.Build());
        writer.Finish();
        return output.ToArray();
    }

    private static async Task RunAsync(TimeSpan time, int firstSeed)
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("EVENTML_ARROW_FUZZ_SEED"), out var only))
        {
            await TryAsync(only);
            return;
        }

        var began = Stopwatch.GetTimestamp();
        var (runs, refused) = (0, 0);
        for (; Stopwatch.GetElapsedTime(began) < time; runs++)
            refused += await TryAsync(firstSeed + runs) ? 1 : 0;
        TestContext.Current.TestOutputHelper!.WriteLine($"{runs} damaged inputs from seed {firstSeed}, {refused} refused");
        refused.ShouldBeInRange(runs / 20, runs - (runs / 20), "the damage must reach the checks, and leave something to read");
    }

    private static async Task<bool> TryAsync(int seed)
    {
#pragma warning disable CA5394 // repeatable on purpose
        var random = new Random(seed);
        var (name, bytes) = s_seeds[random.Next(s_seeds.Count)];
        var damaged = new ArrowMutator(seed).Mutate(bytes, s_seeds[random.Next(s_seeds.Count)].Bytes);
#pragma warning restore CA5394
        var before = GC.GetAllocatedBytesForCurrentThread();
        var began = Stopwatch.GetTimestamp();
        try
        {
            var refused = Read(damaged);
            if (!damaged.AsSpan().StartsWith("ARROW1"u8))
                await StreamAsync(damaged);
            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(MaxAllocated, "memory must be bounded");
            Stopwatch.GetElapsedTime(began).ShouldBeLessThan(s_slow, "time must be bounded");
            return refused;
        }
        catch (Exception e) when (e is not ArrowFormatException)
        {
            throw new InvalidOperationException($"EVENTML_ARROW_FUZZ_SEED={seed} ({name}): {e.Message}", e);
        }
    }

    private static bool Read(byte[] bytes)
    {
        try
        {
            using var file = ArrowFile.Open(bytes, s_options);
            using var copy = new ArrowStreamWriter(Stream.Null, file.Schema);
            foreach (var batch in file.Batches().Take(20))
            {
                for (var i = 0; i < file.Schema.Fields.Count; i++)
                    new ColumnVisitor(Steps).Visit(batch.Column(i));
                copy.Write(batch);
            }

            return false;
        }
        catch (ArrowFormatException)
        {
            return true;
        }
    }

    private static async Task StreamAsync(byte[] bytes)
    {
        try
        {
            await using var reader = await ArrowStreamReader.OpenAsync(new MemoryStream(bytes), s_options);
            for (var batches = 0; batches < 20 && await reader.ReadAsync() is { } batch; batches++)
            {
                for (var i = 0; i < reader.Schema.Fields.Count; i++)
                    new ColumnVisitor(Steps).Visit(batch.Column(i));
            }
        }
        catch (ArrowFormatException)
        {
            // Refused, as it should be.
        }
    }
}
