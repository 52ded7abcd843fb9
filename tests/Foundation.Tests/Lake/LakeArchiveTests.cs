using System.Diagnostics;
using EventMl.Lake;

namespace EventMl.Foundation.Tests.Lake;

/// <summary>A version leaves a lake as one file and enters another with the same root.</summary>
public sealed class LakeArchiveTests : IDisposable
{
    private const long Plenty = 1 << 30;

    private readonly TestFolder _folder = new();
    private readonly LakeStore _lake;
    private readonly LakeStore _other;

    public LakeArchiveTests()
    {
        _lake = new LakeStore(new LakeOptions { Root = _folder.At("lake") });
        _other = new LakeStore(new LakeOptions { Root = _folder.At("other") });
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Keeps_number_and_root_under_its_own_name_and_changes_nothing_the_second_time()
    {
        var version = await ThreeVersionsAsync();
        var archive = await ExportAsync(version);

        var imported = await _other.ImportAsync(archive, "digits", Txn("i1"), Plenty, Cancel);
        var again = await _other.ImportAsync(archive, "digits", Txn("i2"), Plenty, Cancel);

        (imported.Version, imported.Id, imported.NumRows).ShouldBe((3, version.Id, 5));
        again.Id.ShouldBe(version.Id);
        (await _other.ListVersionsAsync(LakeKind.Dataset, "digits", Cancel)).Count.ShouldBe(1);
        (await RowsAsync(imported)).ShouldBe(await RowsAsync(version));
        (await _other.VerifyAsync(imported, Cancel)).ShouldBeTrue();
        (await ExportAsync(imported)).ToArray().ShouldBe(archive.ToArray());
    }

    [Fact]
    public async Task Goes_on_from_an_imported_version()
    {
        var archive = await ExportAsync(await ThreeVersionsAsync());
        await _other.ImportAsync(archive, "digits", Txn("i"), Plenty, Cancel);

        var next = await _other.CommitAsync(LakeKind.Dataset, "digits", _folder.Stage([100, 101]), new LakeTransaction("more", LakeTransaction.Append, null), Cancel);

        (next.Version, next.NumRows).ShouldBe((4, 7));
        (await RowsAsync(next)).Select(r => r.Id).ShouldBeUnique();
    }

    [Fact]
    public async Task Becomes_the_first_version_under_another_name_with_the_same_rows_and_ids()
    {
        var version = await ThreeVersionsAsync();

        var imported = await _lake.ImportAsync(await ExportAsync(version), "copy", Txn("i"), Plenty, Cancel);
        var repeated = await _lake.ImportAsync(await ExportAsync(version), "copy", Txn("i"), Plenty, Cancel);

        (imported.Version, imported.Name, repeated.Id).ShouldBe((1, "copy", imported.Id));
        imported.Metadata["imported_root"].ShouldBe(version.Id);
        (await RowsAsync(imported)).ShouldBe(await RowsAsync(version));
        await _lake.PurgeAsync(LakeKind.Dataset, "digits", Cancel);
        (await _lake.VerifyAsync(imported, Cancel)).ShouldBeTrue("it has its own files");
    }

    [Theory]
    [InlineData("branch")]
    [InlineData("elsewhere")]
    public async Task Takes_along_what_a_clone_has_of_its_source(string name)
    {
        var clone = await _lake.CloneAsync(await ThreeVersionsAsync(), "branch", Txn("c"), Cancel);
        clone = await _lake.DeleteRowsAsync("branch", [0], Txn("d"), Cancel);

        var imported = await _other.ImportAsync(await ExportAsync(clone), name, Txn("i"), Plenty, Cancel);

        (imported.Id == clone.Id).ShouldBe(name == "branch");
        (await RowsAsync(imported)).ShouldBe(await RowsAsync(clone));
        await _other.CollectGarbageAsync(TimeSpan.Zero, Cancel);
        (await _other.VerifyAsync(imported, Cancel)).ShouldBeTrue();
    }

    [Fact]
    public async Task Refuses_a_name_that_is_taken_and_more_bytes_than_allowed()
    {
        var version = await ThreeVersionsAsync();
        var archive = await ExportAsync(version);
        await _other.CommitAsync(LakeKind.Dataset, "digits", _folder.Stage([9]), Txn("own"), Cancel);

        (await Should.ThrowAsync<LakeException>(() => _other.ImportAsync(archive, "digits", Txn("i"), Plenty, Cancel))).Message.ShouldContain("a name that is free");
        (await Should.ThrowAsync<LakeException>(() => _other.ImportAsync(archive, "new", Txn("i"), version.SizeBytes - 1, Cancel))).Message.ShouldContain("are allowed");
    }

    [Fact]
    public async Task Is_read_by_the_systems_tar()
    {
        var version = await ThreeVersionsAsync();
        var path = _folder.At("digits.tar");
        await File.WriteAllBytesAsync(path, (await ExportAsync(version)).ToArray(), Cancel);

        using var tar = Process.Start(new ProcessStartInfo("tar", ["-xvf", path, "-C", Directory.CreateDirectory(_folder.At("unpacked")).FullName]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var names = (await tar.StandardOutput.ReadToEndAsync(Cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await tar.WaitForExitAsync(Cancel);

        tar.ExitCode.ShouldBe(0);
        names[0].ShouldStartWith("datasets/digits/_versions/");
        // Unpacked, it is a lake.
        var unpacked = new LakeStore(new LakeOptions { Root = _folder.At("unpacked") });
        (await unpacked.GetAsync(LakeKind.Dataset, "digits", ct: Cancel))!.Id.ShouldBe(version.Id);
    }

    private async Task<LakeVersion> ThreeVersionsAsync()
    {
        await _lake.CommitAsync(LakeKind.Dataset, "digits", _folder.Stage([1, 2, 3], [4]), Txn("one"), Cancel);
        await _lake.CommitAsync(LakeKind.Dataset, "digits", _folder.Stage([5, 6]), new LakeTransaction("two", LakeTransaction.Append, null), Cancel);
        return await _lake.DeleteRowsAsync("digits", [1], Txn("three"), Cancel);
    }

    private async Task<MemoryStream> ExportAsync(LakeVersion version)
    {
        var archive = new MemoryStream();
        await _lake.ExportAsync(version, archive, Cancel);
        return archive;
    }

    private static async Task<List<(long Id, long X)>> RowsAsync(LakeVersion version)
    {
        var rows = new List<(long, long)>();
        await foreach (var batch in LakeReader.StreamAsync(version, ["x"], Cancel))
        {
            var values = batch.Batch.Column(0).Values<long>();
            for (var i = 0; i < values.Length; i++)
                rows.Add((batch.RowIds[i], values[i]));
        }

        return rows;
    }

    private static LakeTransaction Txn(string id) => new(id, "test", null);
}
