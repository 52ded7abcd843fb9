using EventMl.Lake;

namespace EventMl.Foundation.Tests.Lake;


/// <summary>What collection and purging take, and what they leave alone.</summary>
public abstract class LakeCollectionSuite<TLake> : LakeSuite<TLake>
    where TLake : ILakeUnderTest, new()
{
    private static readonly LakeRetention s_latestOnly = new() { KeepVersions = 1, GracePeriod = AtOnce };

    [Fact]
    public async Task Deletes_versions_and_files_that_nothing_keeps()
    {
        for (var i = 1; i <= 5; i++)
            await CreateAsync([i]);
        await Lake.TagAsync(LakeKind.Dataset, "demo", "good", 2, ct: Ct);

        var collected = await Lake.CollectAsync(s_latestOnly with { Pinned = [(LakeKind.Dataset, "demo", 3)] }, Ct);

        collected.Versions.Select(v => v.Version).Order().ShouldBe([1, 4]);
        collected.Files.ShouldBe(2);
        var left = await Lake.ListVersionsAsync(LakeKind.Dataset, "demo", Ct);
        left.Select(v => v.Version).ShouldBe([5, 3, 2]);
        foreach (var version in left)
            (await Lake.VerifyAsync(version, Ct)).ShouldBeTrue();
        (await Should.ThrowAsync<LakeException>(() => Lake.TagAsync(LakeKind.Dataset, "demo", "late", 1, ct: Ct))).Message.ShouldContain("collected");
        (await CreateAsync([6])).Version.ShouldBe(6);
        (await Should.ThrowAsync<LakeException>(() => Lake.CollectAsync(new LakeRetention { KeepVersions = 0 }, Ct))).Message.ShouldContain("purge");
    }

    [Fact]
    public async Task Keeps_everything_when_it_is_younger_than_the_grace_period()
    {
        for (var i = 1; i <= 3; i++)
            await CreateAsync([i]);
        await Should.ThrowAsync<IOException>(() => Dying("DataStored").CommitAsync(LakeKind.Dataset, "demo", Stage([9]), Txn(), Ct));

        var collected = await Lake.CollectAsync(s_latestOnly with { GracePeriod = TimeSpan.FromHours(1) }, Ct);

        (collected.Versions.Count, collected.Files).ShouldBe((0, 0));
        (await Lake.CollectAsync(s_latestOnly with { KeepYoungerThan = TimeSpan.FromHours(1) }, Ct)).Versions.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(-24, 3600, 0)]
    [InlineData(24, -2, 1)]
    public async Task Counts_the_age_of_versions_by_the_storage_when_the_clock_of_a_writer_is_wrong(int hours, int graceSeconds, int expired)
    {
        var writer = new LakeStore(new LakeOptions { Root = At("wrong-clock") }, UnderTest.Storage, new StandingClock(TimeProvider.System.GetUtcNow().AddHours(hours)));
        for (var i = 1; i <= 2; i++)
            await writer.CommitAsync(LakeKind.Dataset, "demo", Stage([i]), Txn("create"), Ct);

        var collected = await Lake.CollectAsync(s_latestOnly with { GracePeriod = TimeSpan.FromSeconds(graceSeconds) }, Ct);

        collected.Versions.Count.ShouldBe(expired);
        (await Lake.VerifyAsync(await LatestAsync(), Ct)).ShouldBeTrue();
    }

    [Fact]
    public async Task Takes_what_a_commit_left_behind_when_it_died()
    {
        var version = await CreateAsync([1]);
        await Should.ThrowAsync<IOException>(() => Dying("DataStored").CommitAsync(LakeKind.Dataset, "demo", Stage([9]), Txn(), Ct));

        (await Lake.CollectGarbageAsync(AtOnce, Ct)).ShouldBe(1);

        (await Lake.VerifyAsync(version, Ct)).ShouldBeTrue();
        (await Lake.CollectGarbageAsync(AtOnce, Ct)).ShouldBe(0);
    }

    [Fact]
    public async Task Keeps_what_a_clone_needs_when_the_source_moves_on()
    {
        await CreateAsync([1, 2, 3]);
        await Lake.DeleteRowsAsync("demo", [1], Txn(), Ct);
        var clone = await Lake.CloneAsync(await LatestAsync(), "copy", Txn(), Ct);
        await CreateAsync([4]);

        (await Lake.CollectAsync(s_latestOnly, Ct)).Versions.Count.ShouldBe(2);

        (await RowsAsync(clone, "x")).ShouldBe([(0, "1"), (2, "3")]);
        (await Lake.VerifyAsync(clone, Ct)).ShouldBeTrue();
        (await Should.ThrowAsync<LakeException>(() => Lake.PurgeAsync(LakeKind.Dataset, "demo", Ct))).Message.ShouldContain("its clones copy need its files");
        (await Lake.PurgeAsync(LakeKind.Dataset, "copy", Ct)).ShouldBeTrue();
        (await Lake.CollectGarbageAsync(AtOnce, Ct)).ShouldBeGreaterThan(0);
        (await Lake.PurgeAsync(LakeKind.Dataset, "demo", Ct)).ShouldBeTrue();
        (await CreateAsync([5])).Version.ShouldBe(1);
    }

    [Theory]
    [InlineData("FileStored")]
    [InlineData("DataStored")]
    [InlineData("Noted")]
    [InlineData("Published")]
    public async Task Leaves_a_running_commit_alone(string step)
    {
        await CreateAsync([1]);
        await CreateAsync([2]);
        var runs = 0;
        var writer = UnderTest.Open(s =>
        {
            if (s != step || runs++ > 0)
                return;
            Lake.CollectAsync(s_latestOnly, Ct).GetAwaiter().GetResult();
            // As long as it writes, it cannot be purged either.
            Lake.PurgeAsync(LakeKind.Dataset, "demo", Ct).GetAwaiter().GetResult().ShouldBeFalse();
        });

        var version = await writer.CommitAsync(LakeKind.Dataset, "demo", Stage([2], [3]), Txn(LakeTransaction.Append), Ct);

        runs.ShouldBeGreaterThan(0);
        (await Lake.VerifyAsync(version, Ct)).ShouldBeTrue();
        (await ValuesAsync(version, "x")).ShouldBe(["2", "2", "3"]);
    }

    [Fact]
    public async Task Leaves_the_version_alone_that_is_being_restored()
    {
        await CreateAsync([1]);
        await CreateAsync([2]);
        await CreateAsync([3]);
        LakeCollection? collected = null;
        var writer = UnderTest.Open(s => collected ??= s == "Noted" ? Lake.CollectAsync(s_latestOnly, Ct).GetAwaiter().GetResult() : null);

        var restored = await writer.RestoreAsync(LakeKind.Dataset, "demo", 1, Txn(), Ct);

        collected!.Versions.Select(v => v.Version).ShouldNotContain(1);
        (await Lake.VerifyAsync(restored, Ct)).ShouldBeTrue();
        (await ValuesAsync(restored, "x")).ShouldBe(["1"]);
    }

    [Fact]
    public async Task Refuses_a_tag_when_the_version_is_being_collected()
    {
        await CreateAsync([1]);
        await CreateAsync([2]);
        await UnderTest.Storage.WriteAsync("datasets/demo/_refs/doomed/1", "{}"u8.ToArray(), Ct);

        (await LosesAsync(() => Lake.TagAsync(LakeKind.Dataset, "demo", "good", 1, ct: Ct), LakeConflict.Retryable)).Message.ShouldContain("is being collected");
        (await Lake.ListTagsAsync(LakeKind.Dataset, "demo", Ct)).ShouldBeEmpty();
        await Lake.CollectGarbageAsync(AtOnce, Ct);
        (await Lake.TagAsync(LakeKind.Dataset, "demo", "good", 1, ct: Ct)).Version.ShouldBe(1);
    }

    [Fact]
    public async Task Refuses_commits_until_an_interrupted_purge_is_repeated()
    {
        await CreateAsync([1]);
        await UnderTest.Storage.WriteAsync("datasets/demo/_purging", "{}"u8.ToArray(), Ct);

        (await Should.ThrowAsync<LakeException>(() => CreateAsync([2]))).Message.ShouldContain("purge it again");
        (await Lake.PurgeAsync(LakeKind.Dataset, "demo", Ct)).ShouldBeTrue();
        (await CreateAsync([2])).Version.ShouldBe(1);
    }

    private LakeStore Dying(string step) => UnderTest.Open(s => { if (s == step) throw new IOException("killed"); });
}
