using EventMl.Arrow;
using EventMl.Lake;

namespace EventMl.Foundation.Tests.Lake;


/// <summary>What becomes of a change when another was committed since the version it was based on.</summary>
public abstract class LakeConflictSuite<TLake> : LakeSuite<TLake>
    where TLake : ILakeUnderTest, new()
{
    private const LakeConflict R = LakeConflict.Rebasable;
    private const LakeConflict Again = LakeConflict.Retryable;
    private const LakeConflict No = LakeConflict.Incompatible;

    [Theory]
    [MemberData(nameof(ConflictTable.All), MemberType = typeof(ConflictTable))]
    public async Task Comes_out_as_agreed_when_two_changes_meet(string mine, string theirs, LakeConflict outcome)
    {
        await CreateAsync([1, 2, 3], [4, 5]);
        var read = (await AddAsync("extra", null)).Version;
        await ChangeAsync(theirs, read, ours: false);
        var before = await LatestAsync();

        if (outcome != R)
        {
            (await LosesAsync(() => ChangeAsync(mine, read, ours: true), outcome)).Message.ShouldContain("'demo' got version 3 meanwhile");
            (await LatestAsync()).Id.ShouldBe(before.Id);
            return;
        }

        var after = await ChangeAsync(mine, read, ours: true);

        (after.Version, after.ReadVersion).ShouldBe((4, read));
        (await RowsAsync(after)).ShouldBe(Expected(mine, theirs));
        (await Lake.VerifyAsync(after, Ct)).ShouldBeTrue();
    }

    [Fact]
    public async Task Must_be_done_again_when_the_same_row_was_deleted()
    {
        await CreateAsync([1, 2, 3]);
        await Lake.DeleteRowsAsync("demo", [1, 2], Txn(read: 1), Ct);

        (await LosesAsync(() => Lake.DeleteRowsAsync("demo", [0, 1], Txn(read: 1), Ct), Again)).Message.ShouldContain("rows 1 are gone");
    }

    [Fact]
    public async Task Must_be_decided_when_a_column_of_that_name_was_added()
    {
        await CreateAsync([1, 2, 3]);
        await AddAsync("new", 1);

        (await LosesAsync(() => AddAsync("new", 1), No)).Message.ShouldContain("it added 'new' too");
    }

    [Fact]
    public async Task Must_be_done_again_when_the_same_column_was_dropped()
    {
        await CreateAsync([1, 2, 3]);
        await Lake.DropColumnsAsync("demo", ["s"], Txn(read: 1), Ct);

        (await LosesAsync(() => Lake.DropColumnsAsync("demo", ["s"], Txn(read: 1), Ct), Again)).Message.ShouldContain("it dropped 's' too");
    }

    [Fact]
    public async Task Must_be_done_again_when_a_column_without_nulls_meets_new_rows()
    {
        await CreateAsync([1]);
        await AppendAsync([2]);
        var strict = new ArrowSchema([new ArrowField("strict", ArrowType.Of(ArrowKind.Int64), nullable: false)]);

        (await LosesAsync(() => AddAsync(strict, 1), Again)).Message.ShouldContain("no value for 'strict'");
        await AddAsync(strict, 2);
        (await LosesAsync(() => Lake.CommitAsync(LakeKind.Dataset, "demo", Stage([3]), Txn(LakeTransaction.Append, 2), Ct), Again)).Message.ShouldContain("its column 'strict'");
    }

    [Fact]
    public async Task Counts_the_bytes_of_its_own_files_when_it_was_done_twice()
    {
        await CreateAsync([1, 2], [3, 4]);
        var raced = false;
        var slow = UnderTest.Open(step =>
        {
            if (step != "Noted" || raced)
                return;
            raced = true;
            Lake.DeleteRowsAsync("demo", [0], new LakeTransaction("rival", "delete", null), Ct).GetAwaiter().GetResult();
        });

        var deleted = await slow.DeleteRowsAsync("demo", [2], Txn(), Ct);

        deleted.Version.ShouldBe(3);
        var rival = (await Lake.GetAsync(LakeKind.Dataset, "demo", 2, Ct))!;
        deleted.BytesWritten.ShouldBe(rival.BytesWritten, "one file for one row each, though two were written here");
        deleted.BytesWritten!.Value.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Takes_whatever_is_there_when_rows_were_made_from_no_version()
    {
        await CreateAsync([1]);
        await CreateAsync([2]);

        (await ValuesAsync(await AppendAsync([3]), "x")).ShouldBe(["2", "3"]);
        (await ValuesAsync(await CreateAsync([4]), "x")).ShouldBe(["4"]);
    }

    private static IEnumerable<(long, string)> Expected(string mine, string theirs)
    {
        string[] both = [mine, theirs];
        foreach (var id in Enumerable.Range(0, 5))
        {
            if (!(id == 0 && mine == "delete") && !(id == 3 && theirs == "delete"))
                yield return (id, Row(id + 1, id + 1, both));
        }

        var next = 5;
        foreach (var who in (string[])[theirs == "append" ? "theirs" : "", mine == "append" ? "mine" : ""])
        {
            // Rows that came after a column was computed have none.
            if (who.Length > 0)
                yield return (next++, Row(who == "mine" ? 60 : 70, who == "mine" ? 60 : 70, both, appended: true));
        }
    }

    private static string Row(long x, long extra, string[] both, bool appended = false)
    {
        var values = new List<string> { $"{x}" };
        if (both[0] != "drop")
            values.Add(x % 2 == 0 ? "-" : $"row_{x}");
        if (both[1] != "drop")
            values.Add($"{extra}");
        if (both[1] == "add")
            values.Add(appended ? "-" : $"{x}");
        if (both[0] == "add")
            values.Add(appended ? "-" : $"{x}");
        return string.Join(' ', values);
    }

    private Task<LakeVersion> ChangeAsync(string change, long read, bool ours) => change switch
    {
        "append" => Lake.CommitAsync(LakeKind.Dataset, "demo", StageWithExtra(ours ? 60 : 70), Txn(LakeTransaction.Append, read), Ct),
        "overwrite" => Lake.CommitAsync(LakeKind.Dataset, "demo", StageWithExtra(80), Txn("create", read), Ct),
        "delete" => Lake.DeleteRowsAsync("demo", [ours ? 0 : 3], Txn(read: read), Ct),
        "add" => AddAsync(ours ? "mine" : "theirs", read),
        "drop" => Lake.DropColumnsAsync("demo", [ours ? "s" : "extra"], Txn(read: read), Ct),
        "compact" => Lake.CompactAsync("demo", Txn(read: read), ct: Ct)!,
        _ => Lake.RestoreAsync(LakeKind.Dataset, "demo", 1, Txn(read: read), Ct),
    };

    private Task<LakeVersion> AddAsync(string name, long? read) => AddAsync(new ArrowSchema([new ArrowField(name, ArrowType.Of(ArrowKind.Int64))]), read);

    private Task<LakeVersion> AddAsync(ArrowSchema schema, long? read) => Lake.AddColumnsAsync("demo", schema, ["x"], rows =>
    {
        var builder = new RecordBatchBuilder(schema);
        builder.Column<PrimitiveBuilder<long>>(schema.Fields[0].Name).Append(rows.Batch.Column("x").Values<long>());
        return builder.Build();
    }, Txn(read: read), Ct);

    private string StageWithExtra(long x)
    {
        var schema = new ArrowSchema([.. TestFolder.Schema.Fields, new ArrowField("extra", ArrowType.Of(ArrowKind.Int64))]);
        var staging = Stage();
        using var writer = ArrowFileWriter.Create(Path.Combine(staging, "a.arrow"), schema);
        var batch = new RecordBatchBuilder(schema);
        batch.Column<PrimitiveBuilder<long>>("x").Append(x);
        batch.Column<Utf8Builder>("s").Append(x % 2 == 0 ? null : $"row {x}");
        batch.Column<PrimitiveBuilder<long>>("extra").Append(x);
        writer.Write(batch.Build());
        writer.Finish();
        return staging;
    }
}

/// <summary>The outcomes that are agreed on.</summary>
public static class ConflictTable
{
    private const LakeConflict R = LakeConflict.Rebasable;
    private const LakeConflict Again = LakeConflict.Retryable;
    private const LakeConflict No = LakeConflict.Incompatible;

    private static readonly string[] s_changes = ["append", "overwrite", "delete", "add", "drop", "compact", "restore"];

    // Rows: what was based on the old version; columns: what was committed meanwhile.
    private static readonly LakeConflict[][] s_outcomes =
    [
        [R, No, R, R, R, R, No],
        [No, No, No, No, No, No, No],
        [R, No, R, R, R, R, No],
        [R, No, R, R, R, Again, No],
        [R, No, R, R, R, R, No],
        [R, No, Again, Again, R, Again, No],
        [No, No, No, No, No, No, No],
    ];

    public static TheoryData<string, string, LakeConflict> All =>
        [.. from mine in Enumerable.Range(0, s_changes.Length) from theirs in Enumerable.Range(0, s_changes.Length) select (s_changes[mine], s_changes[theirs], s_outcomes[mine][theirs])];
}
