using EventMl.Lake;

namespace EventMl.Foundation.Tests.Lake;

/// <summary>What operations cost in bytes, memory and looks at the disk.</summary>
public sealed class LakeCostTests : LakeColumnCostSuite<DiskLake>
{
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
}
