using EventMl.Arrow;
using EventMl.Lake;

namespace EventMl.Foundation.Tests.Lake;


/// <summary>What every operation does to rows and columns, in every storage.</summary>
public abstract class LakeOperationsSuite<TLake> : LakeSuite<TLake>
    where TLake : ILakeUnderTest, new()
{
    [Fact]
    public async Task Leaves_deleted_rows_out_and_keeps_the_ids_of_the_others()
    {
        var first = await CreateAsync([1, 2, 3], [4, 5]);

        var second = await Lake.DeleteRowsAsync("demo", [1, 3, 4], Txn(), Ct);

        (await RowsAsync(second, "x")).ShouldBe([(0, "1"), (2, "3")]);
        second.NumRows.ShouldBe(2);
        (await RowsAsync(first, "x")).Select(r => r.Id).ShouldBe([0, 1, 2, 3, 4]);
        (await Lake.DeleteRowsAsync("demo", [0], Txn(), Ct)).NumRows.ShouldBe(1);
        (await ValuesAsync(await LatestAsync(), "x", "s")).ShouldBe(["3 row_3"]);
        (await Lake.VerifyAsync(await LatestAsync(), Ct)).ShouldBeTrue();
    }

    [Fact]
    public async Task Refuses_with_their_ids_when_rows_to_delete_do_not_exist()
    {
        await CreateAsync([1, 2]);

        (await Should.ThrowAsync<LakeException>(() => Lake.DeleteRowsAsync("demo", [1, 7, 9], Txn(), Ct))).Message.ShouldContain("has no rows 7, 9");
        (await LatestAsync()).Version.ShouldBe(1);
    }

    [Fact]
    public async Task Writes_only_the_new_column_when_one_is_added()
    {
        var first = await CreateAsync([1, 2, 3], [4]);
        await Lake.DeleteRowsAsync("demo", [1], Txn(), Ct);

        var added = await AddDoubledAsync();

        (await ValuesAsync(added)).ShouldBe(["1 row_1 2", "3 row_3 6", "4 - 8"]);
        added.Fields.Select(f => f.Name).ShouldBe(["x", "s", "doubled"]);
        added.Files.Count.ShouldBe(4);
        added.Files.Select(f => f.Path).Intersect(first.Files.Select(f => f.Path)).Count().ShouldBe(2);
        added.BytesWritten.ShouldBe(added.Files.Select(f => f.Bytes).Sum() - first.SizeBytes);
        (await ValuesAsync(first)).Count().ShouldBe(4);
    }

    [Fact]
    public async Task Reads_null_when_appended_rows_never_got_a_column()
    {
        await CreateAsync([1]);
        var read = await LatestAsync();
        await AppendAsync([2, 3]);

        await AddDoubledAsync(read.Version);

        (await ValuesAsync(await LatestAsync(), "doubled", "x")).ShouldBe(["2 1", "- 2", "- 3"]);
    }

    [Fact]
    public async Task Keeps_the_bytes_and_forgets_the_column_when_it_is_dropped()
    {
        var first = await CreateAsync([1, 3]);

        var dropped = await Lake.DropColumnsAsync("demo", ["s"], Txn(), Ct);

        (await ValuesAsync(dropped)).ShouldBe(["1", "3"]);
        dropped.Files.ShouldBe(first.Files);
        dropped.BytesWritten.ShouldBe(0);
        (await ValuesAsync(first)).ShouldBe(["1 row_1", "3 row_3"]);
        (await Should.ThrowAsync<LakeException>(() => Lake.DropColumnsAsync("demo", ["x"], Txn(), Ct))).Message.ShouldContain("without columns");
        (await Should.ThrowAsync<LakeException>(() => Lake.DropColumnsAsync("demo", ["y"], Txn(), Ct))).Message.ShouldContain("has no column y");
    }

    [Fact]
    public async Task Gives_a_column_of_an_old_name_a_new_life_when_it_was_dropped()
    {
        await CreateAsync([1, 3]);
        await AddDoubledAsync();
        var dropped = await Lake.DropColumnsAsync("demo", ["doubled"], Txn(), Ct);
        (await Should.ThrowAsync<LakeException>(() => LakeReader.OpenAsync(dropped, ["doubled"], Ct))).Message.ShouldContain("has no column doubled");

        var again = await Lake.AddColumnsAsync("demo", Doubled, ["x"], rows => DoubleX(rows), Txn(), Ct);

        (await ValuesAsync(again, "doubled")).ShouldBe(["2", "6"]);
        (await Should.ThrowAsync<LakeException>(() => AddDoubledAsync())).Message.ShouldContain("has a column 'doubled' already");
    }

    [Fact]
    public async Task Refuses_when_a_computed_column_does_not_fit()
    {
        await CreateAsync([1, 3]);

        (await Should.ThrowAsync<LakeException>(() => Lake.AddColumnsAsync("demo", Doubled, ["x"], _ => new RecordBatchBuilder(Doubled).Build(), Txn(), Ct))).Message.ShouldContain("gave 0 rows");
        (await Should.ThrowAsync<LakeException>(() => Lake.AddColumnsAsync("demo", Doubled, ["z"], DoubleX, Txn(), Ct))).Message.ShouldContain("has no column z");
        (await LatestAsync()).Version.ShouldBe(1);
    }

    [Fact]
    public async Task Puts_small_fragments_together_under_the_same_ids_when_compacted()
    {
        await CreateAsync([1, 2, 3]);
        await AppendAsync([4, 5]);
        await AppendAsync([6], [7, 8]);
        await Lake.DeleteRowsAsync("demo", [1, 5], Txn(), Ct);
        await AddDoubledAsync();
        var before = await LatestAsync();

        var compacted = (await Lake.CompactAsync("demo", Txn(), ct: Ct))!;

        compacted.Files.Count.ShouldBe(1);
        (await RowsAsync(compacted)).ShouldBe(await RowsAsync(before));
        (await RowsAsync(compacted, "x")).ShouldBe([(0, "1"), (2, "3"), (3, "4"), (4, "5"), (6, "7"), (7, "8")]);
        (await Lake.CompactAsync("demo", Txn(), ct: Ct)).ShouldBeNull();
        (await RowsAsync(await Lake.DeleteRowsAsync("demo", [2, 6], Txn(), Ct), "x")).ShouldBe([(0, "1"), (3, "4"), (4, "5"), (7, "8")]);
        await Lake.DropColumnsAsync("demo", ["doubled"], Txn(), Ct);
        (await RowsAsync(await AppendAsync([9]), "x"))[^1].ShouldBe((8, "9"));
    }

    [Fact]
    public async Task Has_the_old_content_under_a_new_number_when_a_version_is_restored()
    {
        await CreateAsync([1, 2]);
        await AppendAsync([3]);
        await Lake.DropColumnsAsync("demo", ["s"], Txn(), Ct);

        var restored = await Lake.RestoreAsync(LakeKind.Dataset, "demo", 1, Txn("restore"), Ct);

        restored.Version.ShouldBe(4);
        (await ValuesAsync(restored)).ShouldBe(["1 row_1", "2 -"]);
        (await RowsAsync(await AppendAsync([9]), "x"))[^1].ShouldBe((3, "9"), "ids are never given twice");
        (await Should.ThrowAsync<LakeException>(() => Lake.RestoreAsync(LakeKind.Dataset, "demo", 77, Txn(), Ct))).Message.ShouldContain("has no version 77");
    }

    [Fact]
    public async Task Shares_files_and_goes_its_own_way_when_cloned()
    {
        var first = await CreateAsync([1, 2, 3]);
        await Lake.DeleteRowsAsync("demo", [1], Txn(), Ct);

        var clone = await Lake.CloneAsync(await LatestAsync(), "copy", Txn("clone"), Ct);
        await AppendAsync([100]);
        await Lake.CommitAsync(LakeKind.Dataset, "copy", Stage([7]), Txn(LakeTransaction.Append), Ct);

        clone.BytesWritten.ShouldBe(0);
        (await RowsAsync(clone, "x")).ShouldBe([(0, "1"), (2, "3")]);
        (await ValuesAsync(await LatestAsync("copy"), "x")).ShouldBe(["1", "3", "7"]);
        (await ValuesAsync(await LatestAsync(), "x")).ShouldBe(["1", "3", "100"]);
        var second = await Lake.CloneAsync(await LatestAsync("copy"), "copy-of-copy", Txn("clone"), Ct);
        (await ValuesAsync(second, "x")).ShouldBe(["1", "3", "7"]);
        (await Lake.VerifyAsync(second, Ct)).ShouldBeTrue();
        (await Should.ThrowAsync<LakeException>(() => Lake.CloneAsync(first, "copy", Txn("clone"), Ct))).Message.ShouldContain("exists already");
    }

    [Fact]
    public async Task Finds_rows_by_their_ids_wherever_they_lie()
    {
        await CreateAsync([1, 2, 3], [4, 5]);
        await Lake.DeleteRowsAsync("demo", [1], Txn(), Ct);
        await Lake.CompactAsync("demo", Txn(), ct: Ct);
        var latest = await AppendAsync([6, 7]);

        var rows = await LakeReader.TakeAsync(latest, [6, 0, 3, 3], ["x"], Ct);

        rows.Column("x").Values<long>().ToArray().ShouldBe([7, 1, 4, 4]);
        (await Should.ThrowAsync<LakeException>(() => LakeReader.TakeAsync(latest, [0, 1, 99], ct: Ct))).Message.ShouldContain("has no rows 1, 99");
    }

    [Fact]
    public async Task Says_what_one_version_has_that_another_has_not()
    {
        var first = await CreateAsync([1, 2, 3], [4]);
        await Lake.DeleteRowsAsync("demo", [1, 3], Txn(), Ct);
        await AddDoubledAsync();
        await Lake.DropColumnsAsync("demo", ["s"], Txn(), Ct);
        var last = await AppendOfXAsync();

        var diff = await LakeDiff.BetweenAsync(first, last, Ct);

        diff.AddedIds.ShouldBe([(4, 2)]);
        diff.RemovedIds.ShouldBe([(1, 1), (3, 1)]);
        (diff.RowsAdded, diff.RowsRemoved).ShouldBe((2, 2));
        diff.ColumnsAdded.ShouldBe(["doubled"]);
        diff.ColumnsDropped.ShouldBe(["s"]);
        diff.BytesAdded.ShouldBeGreaterThan(0);
        diff.BytesRemoved.ShouldBe(first.Files[1].Bytes);
        var back = await LakeDiff.BetweenAsync(last, first, Ct);
        (back.RowsAdded, back.RowsRemoved, back.BytesAdded).ShouldBe((2, 2, diff.BytesRemoved));
        (await LakeDiff.BetweenAsync(last, last, Ct)).RowsAdded.ShouldBe(0);

        async Task<LakeVersion> AppendOfXAsync()
        {
            var schema = new ArrowSchema([TestFolder.Schema.Fields[0], Doubled.Fields[0]]);
            var staging = Stage();
            using (var writer = ArrowFileWriter.Create(Path.Combine(staging, "a.arrow"), schema))
            {
                var batch = new RecordBatchBuilder(schema);
                batch.Column<PrimitiveBuilder<long>>("x").Append([8, 9]);
                batch.Column<PrimitiveBuilder<long>>("doubled").Append([16, 18]);
                writer.Write(batch.Build());
                writer.Finish();
            }

            return await Lake.CommitAsync(LakeKind.Dataset, "demo", staging, Txn(LakeTransaction.Append), Ct);
        }
    }

    [Fact]
    public async Task Travels_by_tag_and_by_instant()
    {
        var first = await CreateAsync([1]);
        var second = await AppendAsync([2]);
        await Lake.TagAsync(LakeKind.Dataset, "demo", "good", 1, ct: Ct);

        (await Lake.GetTaggedAsync(LakeKind.Dataset, "demo", "good", Ct))!.Id.ShouldBe(first.Id);
        (await Should.ThrowAsync<LakeException>(() => Lake.TagAsync(LakeKind.Dataset, "demo", "good", 2, ct: Ct))).Message.ShouldContain("stands at version 1");
        await Lake.TagAsync(LakeKind.Dataset, "demo", "good", 2, move: true, Ct);
        (await Lake.ListTagsAsync(LakeKind.Dataset, "demo", Ct)).Select(t => (t.Name, t.Version, t.Id)).ShouldBe([("good", 2, second.Id)]);
        await Lake.UntagAsync(LakeKind.Dataset, "demo", "good", Ct);
        (await Lake.GetTaggedAsync(LakeKind.Dataset, "demo", "good", Ct)).ShouldBeNull();
        (await Should.ThrowAsync<LakeException>(() => Lake.TagAsync(LakeKind.Dataset, "demo", "x", 9, ct: Ct))).Message.ShouldContain("has no version 9");
        (await Lake.GetAsOfAsync(LakeKind.Dataset, "demo", first.CreatedAt, Ct))!.Version.ShouldBe(first.CreatedAt == second.CreatedAt ? 2 : 1);
        (await Lake.GetAsOfAsync(LakeKind.Dataset, "demo", second.CreatedAt.AddDays(1), Ct))!.Version.ShouldBe(2);
        (await Lake.GetAsOfAsync(LakeKind.Dataset, "demo", first.CreatedAt.AddDays(-1), Ct)).ShouldBeNull();
    }

    [Fact]
    public async Task Lays_out_just_the_rows_and_columns_of_a_version_when_a_script_needs_it()
    {
        await CreateAsync([1, 2, 3], [4]);
        await Lake.DeleteRowsAsync("demo", [1], Txn(), Ct);
        var version = await AddDoubledAsync();

        var folder = await Lake.MaterialiseAsync(version, At("input"), Ct);

        using var file = ArrowFile.Open(Path.Combine(folder, "part-00000.arrow"));
        file.Schema.Fields.Select(f => f.Name).ShouldBe(["x", "s", "doubled"]);
        file.Batches().SelectMany(b => b.Column("doubled").Values<long>().ToArray()).ShouldBe([2, 6]);
        Directory.GetFiles(folder).Length.ShouldBe(2);
        file.Dispose();

        var empty = await Lake.DeleteRowsAsync("demo", [0, 2, 3], Txn(), Ct);
        using var none = ArrowFile.Open(Path.Combine(await Lake.MaterialiseAsync(empty, At("empty"), Ct), "part-00000.arrow"));
        (empty.NumRows, none.RowCount, none.Schema.Fields.Count).ShouldBe((0, 0, 3));
        (await RowsAsync(empty)).ShouldBeEmpty();
    }
}
