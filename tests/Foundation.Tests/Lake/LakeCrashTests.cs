using EventMl.Lake;

namespace EventMl.Foundation.Tests.Lake;

/// <summary>Work on a lake on disk that dies at every step; <see cref="LakeKillSuite{TLake}"/> does the same to object stores.</summary>
public sealed class LakeCrashTests : LakeSuite<DiskLake>
{
    /// <summary>Every operation with every step it has.</summary>
    public static TheoryData<string, string> Crashes =>
    [
        .. from work in (string[])["append", "delete", "add", "drop", "compact", "restore"]
           from step in (string[])["Started", "FileStored", "DataStored", "Noted", "Published"]
           where (work, step) is not (not "append", "FileStored") and not ("restore", "Started" or "DataStored")
           select (work, step),
    ];

    [Theory]
    [MemberData(nameof(Crashes))]
    public async Task Leaves_the_last_version_whole_and_finds_its_transaction_when_it_dies(string work, string step)
    {
        await CreateAsync([1, 2], [3]);
        var before = await RowsAsync(await LatestAsync());
        var dying = UnderTest.Open(s => { if (s == step) throw new IOException("killed"); });
        var staging = Stage([4]);

        try
        {
            await WorkAsync(dying, "demo", work, staging);
        }
        catch (IOException e) when (e.Message == "killed")
        {
        }

        var latest = await LatestAsync();
        (await Lake.VerifyAsync(latest, Ct)).ShouldBeTrue();
        if (latest.Version == 1)
            (await RowsAsync(latest)).ShouldBe(before);
        var retried = await WorkAsync(Lake, "demo", work, staging);
        retried.Version.ShouldBe(2);
        (await Lake.VerifyAsync(retried, Ct)).ShouldBeTrue();
        (await Lake.ListVersionsAsync(LakeKind.Dataset, "demo", Ct)).Count.ShouldBe(2);
        (await RowsAsync(retried, "x")).Count.ShouldBe(work switch { "append" => 4, "delete" => 2, _ => 3 });
    }
}
