using EventMl.Arrow;
using EventMl.Lake;

namespace EventMl.Foundation.Tests.Lake;

/// <summary>What a new column costs in bytes, in every storage.</summary>
public abstract class LakeColumnCostSuite<TLake> : LakeSuite<TLake>
    where TLake : ILakeUnderTest, new()
{
    protected const int Rows = 1_000_000;
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
        Moved(written);
        added.BytesWritten!.Value.ShouldBeInRange(4L * Rows, written);
        using var reader = await LakeReader.OpenAsync(added, ["sum"], Ct);
        reader.Batches().Sum(batch => batch.Length).ShouldBe(Rows);
        reader.Batches().First().Column("sum").Values<float>()[7].ShouldBe(15f);
    }

    /// <summary>Looks at what went to and fro while bytes were added to the lake; nothing to look at on a disk.</summary>
    protected virtual void Moved(long written)
    {
    }

    protected async Task<LakeVersion> CreateWideAsync()
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
