using EventMl.Lake;

namespace EventMl.Foundation.Tests.Lake;

/// <summary>Versions that programs before manifests of format 2 have written: they open, and work goes on from them.</summary>
public sealed class LakeFormatOneTests : LakeSuite<OldLake>
{
    [Fact]
    public async Task Opens_every_version_under_its_old_id()
    {
        var versions = await Lake.ListVersionsAsync(LakeKind.Dataset, "demo", Ct);

        versions.Select(v => (v.Version, v.TransactionId, v.Id)).ShouldBe([
            (3, "ingest-3", "sha256:242db5caca9f559b6275e8b490ef1ef8df43e6427c170d795f72c0563bd36f08"),
            (2, "ingest-2", "sha256:4d97e40ac294929e898c4fdb5e19743ff6a106d3b7d2677ecda9959dd8874715"),
            (1, "ingest-1", "sha256:101e61b04b0eaa660b1b2407dbc2b571390d0d61523d4b17be06b0157e9c7a76")]);
        (await RowsAsync(versions[1])).ShouldBe([(0, "1 row_1"), (1, "2 -"), (2, "3 row_3"), (3, "4 -"), (4, "5 row_5"), (5, "6 -")]);
        (await RowsAsync(versions[0])).ShouldBe([(6, "7 row_7")]);
        foreach (var version in versions)
            (await Lake.VerifyAsync(version, Ct)).ShouldBeTrue();
        var model = (await Lake.GetAsync(LakeKind.Model, "net", ct: Ct))!;
        (await Lake.VerifyAsync(model, Ct)).ShouldBeTrue();
        (await File.ReadAllTextAsync(Path.Combine(model.Path, "model.json"), Ct)).ShouldBe("{}");
        (await Lake.GetAsOfAsync(LakeKind.Dataset, "demo", versions[1].CreatedAt, Ct))!.Version.ShouldBe(2);
        (await Lake.ReadRecordAsync("anchors", "one.json", Ct)).ShouldBe("{}"u8.ToArray());
    }

    [Fact]
    public async Task Finds_old_and_new_transactions_when_work_goes_on()
    {
        var appended = await AppendAsync([8]);

        appended.Version.ShouldBe(4);
        foreach (var (transaction, version) in ((string, long)[])[("ingest-1", 1), ("ingest-2", 2), ("ingest-3", 3), (appended.TransactionId, 4)])
            (await Lake.FindByTransactionAsync(LakeKind.Dataset, "demo", transaction, Ct))!.Version.ShouldBe(version);
        (await Lake.FindByTransactionAsync(LakeKind.Dataset, "demo", "never", Ct)).ShouldBeNull();
        (await Lake.CommitAsync(LakeKind.Dataset, "demo", At("gone"), new LakeTransaction("ingest-2", "append", null), Ct)).Version.ShouldBe(2);
    }

    [Fact]
    public async Task Keeps_its_columns_when_all_rows_are_deleted()
    {
        var empty = await Lake.DeleteRowsAsync("demo", [6], Txn(), Ct);

        using var laidOut = EventMl.Arrow.ArrowFile.Open(Path.Combine(await Lake.MaterialiseAsync(empty, At("in"), Ct), "part-00000.arrow"));
        (laidOut.RowCount, laidOut.Schema.ToString()).ShouldBe((0, "x: int64 not null, s: string"));
        (await ValuesAsync(await Lake.CommitAsync(LakeKind.Dataset, "demo", Stage([8]), Txn(LakeTransaction.Append), Ct))).ShouldBe(["8 -"]);
    }

    [Fact]
    public async Task Takes_every_operation()
    {
        await Lake.RestoreAsync(LakeKind.Dataset, "demo", 2, Txn(), Ct);
        await Lake.DeleteRowsAsync("demo", [1, 4], Txn(), Ct);
        await AddDoubledAsync();
        await Lake.DropColumnsAsync("demo", ["s"], Txn(), Ct);
        (await RowsAsync(await LatestAsync())).ShouldBe([(0, "1 2"), (2, "3 6"), (3, "4 8"), (5, "6 12")]);

        (await RowsAsync((await Lake.CompactAsync("demo", Txn(), ct: Ct))!)).ShouldBe([(0, "1 2"), (2, "3 6"), (3, "4 8"), (5, "6 12")]);

        (await Lake.CollectAsync(new LakeRetention { KeepVersions = 1, GracePeriod = TimeSpan.Zero }, Ct)).Versions.Count.ShouldBe(7);
        (await RowsAsync(await LatestAsync())).Count.ShouldBe(4);
    }
}

/// <summary>A copy of the lake that was kept from an earlier program.</summary>
public sealed class OldLake : ILakeUnderTest
{
    private readonly TestFolder _folder = new();

    public EventMl.Lake.ILakeStorage Storage => throw new NotSupportedException();

    public Task StartAsync()
    {
        var source = Path.Combine(Arrow.NodePeer.RepositoryRoot, "tests/Foundation.Tests/fixtures/lake/format-1");
        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            var target = _folder.At(Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return Task.CompletedTask;
    }

    public LakeStore Open(Action<string>? reached = null) => new(new LakeOptions { Root = _folder.Root });

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
