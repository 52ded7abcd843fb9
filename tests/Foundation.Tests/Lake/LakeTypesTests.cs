using EventMl.Arrow;
using EventMl.Foundation.Tests.Arrow;
using EventMl.Lake;

namespace EventMl.Foundation.Tests.Lake;

/// <summary>Rows of every Arrow type keep their values however they are moved: left out, put together, looked up, laid out for scripts, fetched.</summary>
public abstract class LakeTypesSuite<TLake> : LakeSuite<TLake>
    where TLake : ILakeUnderTest, new()
{
    [Theory]
    [MemberData(nameof(TypeFamilies.All), MemberType = typeof(TypeFamilies))]
    public async Task Keep_their_values_when_rows_are_deleted_compacted_taken_and_laid_out(string family)
    {
        var schema = SampleColumns.Schema(TypeFamilies.Names(family));
        var staging = Stage();
        // Two files, two batches each, and a file of rows by which a dictionary differs from that of the first.
        foreach (var (file, batches) in new[] { ("a", 2), ("b", 2), ("c", 1) })
            await File.WriteAllBytesAsync(Path.Combine(staging, $"{file}.arrow"), SampleColumns.Write(schema, batches, isFile: true), Ct);
        var first = await Lake.CommitAsync(LakeKind.Dataset, "types", staging, Txn("create"), Ct);
        var all = await ShowAsync(first);
        all.Count.ShouldBe(5 * SampleColumns.Rows);
        long[] gone = [0, 3, 4, 8, 9, 17, 20, 36, 37, 38, 39, 40, 41, 42, 43, 44];
        string[] expected = [.. all.Where((_, i) => !gone.Contains(i))];

        var deleted = await Lake.DeleteRowsAsync("types", gone, Txn(), Ct);
        var compacted = (await Lake.CompactAsync("types", Txn(), new CompactionOptions { DeletedShare = 0 }, Ct))!;
        var taken = await LakeReader.TakeAsync(deleted, [10, 1, 35, 1], ct: Ct);

        (await ShowAsync(deleted)).ShouldBe(expected);
        (await ShowAsync(compacted)).ShouldBe(expected);
        compacted.Files.Count.ShouldBe(1);
        Show(taken).ShouldBe([all[10], all[1], all[35], all[1]]);
        LaidOut(await Lake.MaterialiseAsync(deleted, At("in"), Ct)).ShouldBe(expected);
        foreach (var name in schema.Fields.Select(f => f.Name))
            (await ShowAsync(compacted, name)).Count.ShouldBe(expected.Length);
    }

    [Theory]
    [MemberData(nameof(TypeFamilies.All), MemberType = typeof(TypeFamilies))]
    public async Task Keep_their_values_when_columns_are_added_around_deleted_rows(string family)
    {
        await CreateAsync([.. Enumerable.Range(0, SampleColumns.Rows).Select(i => (long)i)]);
        await Lake.DeleteRowsAsync("demo", [0, 5], Txn(), Ct);
        var schema = SampleColumns.Schema(TypeFamilies.Names(family));
        var builder = new RecordBatchBuilder(schema);
        for (var i = 0; i < schema.Fields.Count; i++)
        {
            for (var row = 0; row < SampleColumns.Rows - 2; row++)
                SampleColumns.AppendSample(builder.Column(i), row);
        }

        var batch = builder.Build();
        string[] names = [.. schema.Fields.Select(f => f.Name)];
        var added = await Lake.AddColumnsAsync("demo", schema, ["x"], _ => batch, Txn(), Ct);
        var appended = await Lake.CommitAsync(LakeKind.Dataset, "demo", Stage([100]), Txn(LakeTransaction.Append, added.Version - 1), Ct);

        (await ShowAsync(added, names)).ShouldBe(Show(batch));
        (await ShowAsync(appended, names)).ShouldBe([.. Show(batch), string.Join(" | ", names.Select(n => $"{n}="))], "the new row has no value in these columns");
    }

    private static List<string> LaidOut(string folder)
    {
        var rows = new List<string>();
        foreach (var path in Directory.GetFiles(folder).Order(StringComparer.Ordinal))
        {
            using var file = ArrowFile.Open(path);
            rows.AddRange(file.Batches().SelectMany(Show));
        }

        return rows;
    }

    private static async Task<List<string>> ShowAsync(LakeVersion version, params string[] columns)
    {
        var rows = new List<string>();
        await foreach (var some in LakeReader.StreamAsync(version, columns, Ct))
            rows.AddRange(Show(some.Batch));

        return rows;
    }

    private static IEnumerable<string> Show(RecordBatch batch) => Enumerable.Range(0, batch.Length)
        .Select(row => string.Join(" | ", batch.Schema.Fields.Select((f, i) => $"{f.Name}={Canonical.Value(batch.Column(i), row)?.ToJsonString()}")));
}

public sealed class LakeTypesOnDiskTests : LakeTypesSuite<DiskLake>
{
    [Fact]
    public void Cover_every_sample_when_the_families_are_put_together() => TypeFamilies.Covered.Order(StringComparer.Ordinal).ShouldBe(SampleColumns.Names.Order(StringComparer.Ordinal));
}

public sealed class LakeTypesOnConditionalS3Tests : LakeTypesSuite<ConditionalS3Lake>;

/// <summary>Every sample column belongs to one family.</summary>
public static class TypeFamilies
{
    private static readonly Dictionary<string, string[]> s_starts = new(StringComparer.Ordinal)
    {
        ["numbers"] = ["null", "bool", "int", "uint", "float"],
        ["bytes"] = ["utf8", "binary", "large_utf8", "large_binary", "fixed_size_binary"],
        ["decimals"] = ["decimal"],
        ["times"] = ["date", "time", "duration", "interval"],
        ["lists"] = ["list", "large_list", "fixed_size_list"],
        ["structs"] = ["struct", "map"],
        ["unions"] = ["sparse_union", "dense_union"],
        ["runs"] = ["run_end"],
        ["dictionaries"] = ["dictionary"],
    };

    public static TheoryData<string> All => [.. s_starts.Keys];

    /// <summary>The sample columns of a family: that of the longest beginning.</summary>
    public static IEnumerable<string> Names(string family) => SampleColumns.Names.Where(n =>
        s_starts.SelectMany(s => s.Value.Select(start => (Family: s.Key, Start: start))).Where(s => n.StartsWith(s.Start, StringComparison.Ordinal)).MaxBy(s => s.Start.Length).Family == family);

    public static IEnumerable<string> Covered => s_starts.Keys.SelectMany(Names);
}
