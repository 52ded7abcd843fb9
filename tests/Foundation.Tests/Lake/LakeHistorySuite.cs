using EventMl.Arrow;
using EventMl.Lake;

namespace EventMl.Foundation.Tests.Lake;

/// <summary>Random histories of operations against a model in memory, and races.</summary>
public abstract class LakeHistorySuite<TLake> : LakeSuite<TLake>
    where TLake : ILakeUnderTest, new()
{
    private readonly Lock _staging = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Reads_back_what_a_simple_model_says_at_every_version(int seed)
    {
        var random = new Random(seed);
        var model = new LakeModel();
        for (var i = 0; i < 25; i++)
        {
            var version = await StepAsync(random, model);
            (await RowsAsync(version)).ShouldBe(model.Rows(version.Version), $"seed {seed}, step {i}");
        }

        foreach (var version in await Lake.ListVersionsAsync(LakeKind.Dataset, "demo", Ct))
        {
            (await RowsAsync(version)).ShouldBe(model.Rows(version.Version), $"seed {seed}, version {version.Version}");
            version.Fields.Select(f => f.Name).ShouldBe(model.Columns(version.Version));
            version.NumRows.ShouldBe(model.Rows(version.Version).Count());
        }
    }

    [Fact]
    public async Task Loses_nothing_when_writers_race()
    {
        Assert.SkipWhen(UnderTest is S3RowsLake, "s3rver shows an object while it is still being written, which no store may; the race runs on the other two.");
        await CreateAsync([0]);
        const int writers = 4;
        const int rounds = 4;

        await Task.WhenAll(Enumerable.Range(1, writers).Select(w => Task.Run(async () =>
        {
            var store = UnderTest.Open();
            for (var round = 0; round < rounds; round++)
            {
                var value = (w * 100) + round;
                string staging;
                lock (_staging)
                    staging = Stage([value, -value]);
                var appended = await store.CommitAsync(LakeKind.Dataset, "demo", staging, new LakeTransaction($"append-{value}", LakeTransaction.Append, null), Ct);
                var mine = (await RowsAsync(appended, "x")).Single(r => r.Values == $"{-value}").Id;
                await store.DeleteRowsAsync("demo", [mine], new LakeTransaction($"delete-{value}", "delete", null), Ct);
                try
                {
                    await store.CompactAsync("demo", new LakeTransaction($"compact-{value}", "compact", null), ct: Ct);
                }
                catch (LakeConflictException e) when (e.Outcome == LakeConflict.Retryable)
                {
                    // Somebody else changed the same files; there will be another time.
                }
            }
        }, Ct)));

        var latest = await LatestAsync();
        (await ValuesAsync(latest, "x")).Select(long.Parse).Order().ShouldBe([0, .. from w in Enumerable.Range(1, writers) from r in Enumerable.Range(0, rounds) select (long)((w * 100) + r)]);
        (await Lake.VerifyAsync(latest, Ct)).ShouldBeTrue();
        (await Lake.ListVersionsAsync(LakeKind.Dataset, "demo", Ct)).Select(v => v.TransactionId).ShouldBeUnique();
    }

    private async Task<LakeVersion> StepAsync(Random random, LakeModel model)
    {
        var live = model.LiveIds();
        switch (model.Latest == 0 ? 1 : random.Next(8))
        {
            case 0 or 1:
                var overwrite = model.Latest == 0 || random.Next(5) == 0;
                var columns = overwrite ? ["x", .. Enumerable.Range(0, random.Next(3)).Select(i => $"c{i}")] : model.Columns(model.Latest).ToArray();
                var files = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Enumerable.Range(0, random.Next(0, 6)).Select(_ => (long)random.Next(1000)).ToArray()).ToArray();
                model.Store(columns, files.SelectMany(f => f), overwrite);
                return await Lake.CommitAsync(LakeKind.Dataset, "demo", StageColumns(columns, files), Txn(overwrite ? "create" : LakeTransaction.Append), Ct);
            case 2 or 3 when live.Count > 0:
                long[] gone = [.. live.Where(_ => random.Next(4) == 0).DefaultIfEmpty(live[0])];
                model.Delete(gone);
                return await Lake.DeleteRowsAsync("demo", gone, Txn(), Ct);
            case 4 when model.Columns(model.Latest).Contains("x"):
                var name = $"n{random.Next(1000)}-{model.Latest}";
                model.Add(name);
                var schema = new ArrowSchema([new ArrowField(name, ArrowType.Of(ArrowKind.Int64))]);
                return await Lake.AddColumnsAsync("demo", schema, ["x"], rows => Fill(schema, rows.Batch.Column("x").Values<long>().ToArray()), Txn(), Ct);
            case 5 when model.Columns(model.Latest).Count() > 1:
                var dropped = model.Columns(model.Latest).ElementAt(random.Next(1, model.Columns(model.Latest).Count()));
                model.Drop(dropped);
                return await Lake.DropColumnsAsync("demo", [dropped], Txn(), Ct);
            case 6 when await Lake.CompactAsync("demo", Txn(), new CompactionOptions { TargetRows = random.Next(2, 30), DeletedShare = 0 }, Ct) is { } compacted:
                model.Restore(model.Latest);
                return compacted;
            default:
                var old = random.Next(1, (int)model.Latest + 1);
                model.Restore(old);
                return await Lake.RestoreAsync(LakeKind.Dataset, "demo", old, Txn(), Ct);
        }
    }

    private static RecordBatch Fill(ArrowSchema schema, long[] values)
    {
        var builder = new RecordBatchBuilder(schema);
        for (var i = 0; i < schema.Fields.Count; i++)
            ((PrimitiveBuilder<long>)builder.Column(i)).Append(values);
        return builder.Build();
    }

    private string StageColumns(string[] columns, long[][] files)
    {
        var schema = new ArrowSchema([.. columns.Select(c => new ArrowField(c, ArrowType.Of(ArrowKind.Int64)))]);
        var staging = Stage();
        for (var i = 0; i < files.Length; i++)
        {
            using var writer = ArrowFileWriter.Create(Path.Combine(staging, $"part-{i}.arrow"), schema);
            foreach (var some in files[i].Chunk(2))
                writer.Write(Fill(schema, some));
            writer.Finish();
        }

        return staging;
    }
}
