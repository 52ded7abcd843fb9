using EventMl.Arrow;
using EventMl.Lake;

namespace EventMl.Foundation.Tests.Lake;

/// <summary>What operations cost in bytes, memory and looks at the disk.</summary>
public sealed class LakeCostTests : LakeSuite<DiskLake>
{
    private const int Rows = 1_000_000;
    private static readonly ArrowSchema s_wide = new([.. Enumerable.Range(0, 8).Select(i => new ArrowField($"c{i}", ArrowType.Of(ArrowKind.Float64), nullable: false))]);
    private static readonly ArrowSchema s_added = new([new ArrowField("sum", ArrowType.Of(ArrowKind.Float32), nullable: false)]);

    [Fact]
    public async Task Writes_a_column_and_no_more_when_one_is_added_to_a_million_rows()
    {
        var first = await CreateWideAsync();
        var before = await StoredBytesAsync();

        var added = await Lake.AddColumnsAsync("wide", s_added, ["c0", "c1"], rows =>
        {
            var builder = new RecordBatchBuilder(s_added);
            var (sum, a, b) = (builder.Column<PrimitiveBuilder<float>>("sum"), rows.Batch.Column("c0"), rows.Batch.Column("c1"));
            for (var i = 0; i < rows.Batch.Length; i++)
                sum.Append((float)(a.Values<double>()[i] + b.Values<double>()[i]));
            return builder.Build();
        }, Txn(), Ct);

        first.SizeBytes.ShouldBeGreaterThan(8L * 8 * Rows);
        var written = await StoredBytesAsync() - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{first.SizeBytes:N0} bytes of 8 columns, {written:N0} bytes written for one of {4L * Rows:N0}");
        written.ShouldBeInRange(4L * Rows, (4L * Rows) + 100_000);
        added.BytesWritten!.Value.ShouldBeInRange(4L * Rows, written);
        using var reader = LakeReader.Open(added, "sum");
        reader.Batches().Sum(batch => batch.Length).ShouldBe(Rows);
        reader.Batches().First().Column("sum").Values<float>()[7].ShouldBe(15f);
    }

    [Fact]
    public async Task Holds_no_more_than_some_batches_in_memory_when_it_streams()
    {
        var version = await CreateWideAsync();
        var before = GC.GetAllocatedBytesForCurrentThread();
        double sum = 0;

        await foreach (var rows in LakeReader.StreamAsync(version, ["c3"], Ct))
        {
            foreach (var value in rows.Batch.Column("c3").Values<double>())
                sum += value;
        }

        sum.ShouldBe(Enumerable.Range(0, Rows).Sum(i => (double)i + 3));
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1 << 20);
    }

    [Fact]
    public async Task Looks_at_few_manifests_when_a_transaction_is_sought_among_many_versions()
    {
        for (var i = 0; i < 60; i++)
            await CreateAsync([i]);
        // Damaged manifests show that nobody reads them.
        foreach (var version in Enumerable.Range(2, 56))
        {
            var path = UnderTest.Storage.LocalPath($"datasets/demo/_versions/{ulong.MaxValue - (ulong)version:D20}.json")!;
            File.SetAttributes(path, FileAttributes.Normal);
            await File.WriteAllTextAsync(path, "damaged", Ct);
        }

        (await Lake.FindByTransactionAsync(LakeKind.Dataset, "demo", "t1", Ct))!.Version.ShouldBe(1);
        (await Lake.FindByTransactionAsync(LakeKind.Dataset, "demo", "never", Ct)).ShouldBeNull();
        (await CreateAsync([99])).Version.ShouldBe(61);
        await Should.ThrowAsync<LakeException>(() => Lake.GetAsync(LakeKind.Dataset, "demo", 30, Ct));
    }

    private async Task<LakeVersion> CreateWideAsync()
    {
        var staging = Stage();
        for (var part = 0; part < 4; part++)
        {
            using var writer = ArrowFileWriter.Create(Path.Combine(staging, $"part-{part}.arrow"), s_wide);
            for (var batch = 0; batch < 4; batch++)
            {
                var start = ((part * 4) + batch) * (Rows / 16);
                var builder = new RecordBatchBuilder(s_wide);
                for (var column = 0; column < 8; column++)
                    ((PrimitiveBuilder<double>)builder.Column(column)).Append([.. Enumerable.Range(start, Rows / 16).Select(i => (double)i + column)]);
                writer.Write(builder.Build());
            }

            writer.Finish();
        }

        return await Lake.CommitAsync(LakeKind.Dataset, "wide", staging, Txn("create"), Ct);
    }

    private async Task<long> StoredBytesAsync()
    {
        long bytes = 0;
        await foreach (var found in UnderTest.Storage.ListAsync("datasets/wide", Ct))
            bytes += found.Bytes;
        return bytes;
    }
}
