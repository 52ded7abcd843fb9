using EventMl.Lake;

namespace EventMl.Foundation.Tests.Lake;

/// <summary>A process that writes to an object store dies before each of its requests in turn, with its announcements and its rows left behind.</summary>
public abstract class LakeKillSuite<TLake> : LakeSuite<TLake>
    where TLake : S3Lake, new()
{
    [Theory]
    [InlineData("append")]
    [InlineData("delete")]
    public Task Leaves_the_last_version_whole_when_a_writer_is_killed(string work) => KillAsync(work);

    [Theory]
    [InlineData("add")]
    [InlineData("drop")]
    [InlineData("compact")]
    [InlineData("restore")]
    [Trait("Category", "Deep")]
    public Task Leaves_the_last_version_whole_when_other_work_is_killed(string work) => KillAsync(work);

    private async Task KillAsync(string work)
    {
        var died = true;
        for (var requests = 0; died; requests++)
        {
            requests.ShouldBeLessThan(200);
            var name = $"{work}-{requests}";
            var first = await Lake.CommitAsync(LakeKind.Dataset, name, Stage([1, 2], [3]), Txn("create"), Ct);
            var staging = Stage([4]);
            died = await DiesAsync(() => WorkAsync(UnderTest.OpenUntil(requests), name, work, staging));

            var latest = await LatestAsync(name);
            (await Lake.VerifyAsync(latest, Ct)).ShouldBeTrue($"{work} killed before request {requests}");
            latest.Version.ShouldBeInRange(1, 2);
            (await RowsAsync(first)).Count.ShouldBe(3);
            var retried = await WorkAsync(Lake, name, work, staging);
            (retried.Version, (await Lake.ListVersionsAsync(LakeKind.Dataset, name, Ct)).Count).ShouldBe((2, 2), $"{work} killed before request {requests}");
            (await Lake.VerifyAsync(retried, Ct)).ShouldBeTrue();
            (await RowsAsync(retried, "x")).Count.ShouldBe(work switch { "append" => 4, "delete" => 2, _ => 3 });
        }
    }

    private static async Task<bool> DiesAsync(Func<Task> work)
    {
        try
        {
            await work();
            return false;
        }
        catch (LakeException e) when (e.Message.StartsWith("killed", StringComparison.Ordinal))
        {
            return true;
        }
    }
}
