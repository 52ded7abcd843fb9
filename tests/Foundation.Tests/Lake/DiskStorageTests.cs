using EventMl.Lake;

namespace EventMl.Foundation.Tests.Lake;

/// <summary>What is special about a lake in a local folder.</summary>
public sealed class DiskStorageTests : LakeSuite<DiskLake>
{
    [Theory]
    [InlineData("FileSealed")]
    [InlineData("FileLinked")]
    [InlineData("FileStored")]
    public async Task Keeps_the_files_of_a_running_commit_when_they_were_staged_long_ago(string step)
    {
        await CreateAsync([1]);
        var staging = Stage([2], [3]);
        foreach (var file in Directory.GetFiles(staging))
            File.SetLastWriteTimeUtc(file, TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-2));
        var deleted = new List<int>();
        var writer = UnderTest.Open(s =>
        {
            if (s == step)
                deleted.Add(Lake.CollectGarbageAsync(TimeSpan.FromHours(1), Ct).GetAwaiter().GetResult());
        });

        var version = await writer.CommitAsync(LakeKind.Dataset, "demo", staging, Txn(LakeTransaction.Append), Ct);

        deleted.ShouldBe([0, 0]);
        (await Lake.VerifyAsync(version, Ct)).ShouldBeTrue();
        (await ValuesAsync(version, "x")).ShouldBe(["1", "2", "3"]);
    }
}
