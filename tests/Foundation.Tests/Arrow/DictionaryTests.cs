using System.Text.Json.Nodes;
using EventMl.Arrow;

namespace EventMl.Foundation.Tests.Arrow;

public sealed class DictionaryTests
{
    private const int Values = 7;

    public static TheoryData<string> ValueTypes => [.. SampleColumns.Names.Where(n => !n.StartsWith("dictionary", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(ValueTypes))]
    public void Joins_the_parts_when_a_dictionary_of_any_type_grows_by_deltas(string name)
    {
        var schema = new ArrowSchema([new ArrowField("d", ArrowType.Dictionary(SampleColumns.Field(name).Type, ArrowKind.UInt32))]);
        var builder = new RecordBatchBuilder(schema);
        var dictionary = builder.Column<DictionaryBuilder>("d");
        var plain = ColumnBuilder.For(SampleColumns.Field(name));
        var expected = new List<string>();
        var batches = new List<RecordBatch>();
        for (var batch = 0; batch < 3; batch++)
        {
            for (var i = 0; i < Values; i++)
            {
                SampleColumns.AppendSample(dictionary.SharedValues, (batch * Values) + i);
                SampleColumns.AppendSample(plain, (batch * Values) + i);
            }

            for (var i = dictionary.DictionaryLength - 1; i >= 0; i -= 2)
                dictionary.AppendIndex(i);
            batches.Add(builder.Build());
        }

        var values = plain.Build();
        foreach (var batch in Enumerable.Range(1, 3))
            expected.Add(new JsonArray([.. Enumerable.Range(0, ((batch * Values) + 1) / 2).Select(i => Canonical.Value(values, (batch * Values) - 1 - (2 * i)))]).ToJsonString());

        foreach (var (isFile, deltas) in (ReadOnlySpan<(bool, bool)>)[(true, true), (true, false), (false, true), (false, false)])
        {
            using var file = ArrowFile.Open(Write(batches, isFile, new ArrowWriteOptions { DictionaryDeltas = deltas }));
            file.Batches().Select(b => Canonical.Values(b.Column(0)).ToJsonString()).ShouldBe(expected, $"file {isFile}, deltas {deltas}");

            // What was read can be written again, dictionary and all.
            using var again = ArrowFile.Open(Write([.. file.Batches()], isFile, new ArrowWriteOptions { DictionaryDeltas = deltas }));
            again.Batches().Select(b => Canonical.Values(b.Column(0)).ToJsonString()).ShouldBe(expected, $"again: file {isFile}, deltas {deltas}");
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void Keeps_the_values_when_every_batch_brings_its_own_dictionary(bool isFile, bool deltas)
    {
        var schema = new ArrowSchema([new ArrowField("d", ArrowType.Dictionary(ArrowType.Of(ArrowKind.Utf8), ArrowKind.Int8)), new ArrowField("n", ArrowType.Dictionary(ArrowType.Of(ArrowKind.Int64)))]);
        var batches = new List<RecordBatch>();
        foreach (var texts in (string?[][])[["a", "b", null], ["b", "c", "b"], ["c", "a", null]])
        {
            var builder = new RecordBatchBuilder(schema);
            foreach (var text in texts)
            {
                builder.Column<DictionaryBuilder>("d").Append(text);
                builder.Column<DictionaryBuilder>("n").Append((text?[0] ?? 0) * 1_000_000_000_000L);
            }

            batches.Add(builder.Build());
        }

        using var file = ArrowFile.Open(Write(batches, isFile, new ArrowWriteOptions { DictionaryDeltas = deltas }));

        file.Batches().Select(b => string.Join(' ', Enumerable.Range(0, 3).Select(i => b.Column<DictionaryColumn>("d").GetString(i) ?? "-"))).ShouldBe(["a b -", "b c b", "c a -"]);
        for (var i = 0; i < 3; i++)
            Canonical.Values(file.Batch(i).Column("n")).ToJsonString().ShouldBe(Canonical.Values(batches[i].Column("n")).ToJsonString());
        if (isFile)
            file.Batch(0).Column<DictionaryColumn>("d").Dictionary.Length.ShouldBe(3);
    }

    [Fact]
    public void Says_so_when_the_index_type_is_too_small()
    {
        var builder = new RecordBatchBuilder(new ArrowSchema([new ArrowField("d", ArrowType.Dictionary(ArrowType.Of(ArrowKind.Int32), ArrowKind.Int8))]));
        for (var i = 0; i < 128; i++)
            builder.Column<DictionaryBuilder>("d").Append(i);
        Should.Throw<InvalidOperationException>(() => builder.Column<DictionaryBuilder>("d").Append(128)).Message.ShouldContain("'d' reaches 128, which does not fit Int8");
    }

    private static byte[] Write(IReadOnlyList<RecordBatch> batches, bool isFile, ArrowWriteOptions options)
    {
        using var output = new MemoryStream();
        if (isFile)
        {
            using var writer = new ArrowFileWriter(output, batches[0].Schema, leaveOpen: true, options);
            foreach (var batch in batches)
                writer.Write(batch);
            writer.Finish();
        }
        else
        {
            using var writer = new ArrowStreamWriter(output, batches[0].Schema, leaveOpen: true, options);
            foreach (var batch in batches)
                writer.Write(batch);
            writer.Finish();
        }

        return output.ToArray();
    }
}
