using EventMl.Arrow;
using EventMl.Data.Splitting;

namespace EventMl.Data.Tests.Splitting;

public sealed class SplitStageTests
{
    private static readonly ArrowSchema Schema = new([new ArrowField("id", ArrowType.Of(ArrowKind.Int64)), new ArrowField("word", ArrowType.Of(ArrowKind.Utf8))]);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void No_row_changes_side_when_others_are_appended_anywhere_and_batches_differ(int seed)
    {
        var random = new Random(seed);
        var first = Enumerable.Range(0, 500).Select(_ => random.NextInt64()).ToArray();
        var before = Sides(new SplitOptions { Seed = seed }, [first]);

        var mixed = first.Concat(Enumerable.Range(0, 700).Select(_ => random.NextInt64())).ToArray();
        random.Shuffle(mixed);
        var after = Sides(new SplitOptions { Seed = seed }, [.. mixed.Chunk(1 + random.Next(100))]);

        before.ShouldAllBe(row => after[row.Key] == row.Value);
        before.Values.Distinct().Count().ShouldBe(3);
    }

    [Fact]
    public void Shares_are_kept_and_another_seed_parts_otherwise()
    {
        long[] rows = [.. Enumerable.Range(0, 100_000)];
        var sides = Sides(new SplitOptions(), [rows]);

        foreach (var (side, share) in new SplitOptions().Shares)
        {
            ((double)sides.Values.Count(s => s == side)).ShouldBe(share * rows.Length, 4 * Math.Sqrt(rows.Length * share * (1 - share)));
        }

        Sides(new SplitOptions { Seed = 1 }, [rows]).Count(r => sides[r.Key] != r.Value).ShouldBeGreaterThan(20_000);
    }

    [Fact]
    public void Sides_are_those_of_every_release()
    {
        // Frozen: another result would move rows of datasets that exist.
        var sides = Sides(new SplitOptions { Keys = ["id"], Shares = [("a", 0.5), ("b", 0.5)] }, [[.. Enumerable.Range(0, 24)]]);

        string.Concat(Enumerable.Range(0, 24).Select(i => sides[i])).ShouldBe(Frozen);
    }

    [Fact]
    public void Rows_of_one_key_stand_together_whatever_else_they_hold_and_however_wide_the_key_is()
    {
        var stage = new SplitStage(new SplitOptions { Keys = ["id"] });
        stage.Open(Schema);
        var builder = new RecordBatchBuilder(Schema);
        for (var i = 0; i < 1000; i++)
        {
            builder.Column<PrimitiveBuilder<long>>("id").Append(i % 10);
            builder.Column<Utf8Builder>("word").Append($"{i}");
        }

        var split = stage.Apply(builder.Build()).Column<Utf8Column>("split");
        Enumerable.Range(0, 1000).GroupBy(i => i % 10).ShouldAllBe(g => g.Select(split.GetString).Distinct().Count() == 1);

        var narrow = new ArrowSchema([new ArrowField("id", ArrowType.Of(ArrowKind.Int16))]);
        var other = new SplitStage(new SplitOptions { Keys = ["id"] });
        other.Open(narrow);
        var small = new RecordBatchBuilder(narrow);
        for (short i = 0; i < 10; i++)
        {
            small.Column<PrimitiveBuilder<short>>("id").Append(i);
        }

        var same = other.Apply(small.Build()).Column<Utf8Column>("split");
        Enumerable.Range(0, 10).ShouldAllBe(i => same.GetString(i) == split.GetString(i));
    }

    [Fact]
    public void Split_is_refused_with_advice_when_it_cannot_be_made()
    {
        Should.Throw<SourceException>(() => new SplitStage(new SplitOptions { Shares = [("train", 0.5)] })).Message.ShouldContain("1 as their sum");
        Should.Throw<SourceException>(() => new SplitStage(new SplitOptions { Keys = ["no"] }).Open(Schema)).Message.ShouldContain("'no' is no column");
        Should.Throw<SourceException>(() => new SplitStage(new SplitOptions { Column = "id" }).Open(Schema)).Message.ShouldContain("have a column 'id' already");
    }

    private const string Frozen = "abaaabbaaaaababbabbaaabb";

    private static Dictionary<long, string> Sides(SplitOptions options, long[][] batches)
    {
        var stage = new SplitStage(options);
        stage.Open(Schema);
        var sides = new Dictionary<long, string>();
        foreach (var batch in batches)
        {
            var builder = new RecordBatchBuilder(Schema);
            foreach (var id in batch)
            {
                builder.Column<PrimitiveBuilder<long>>("id").Append(id);
                builder.Column<Utf8Builder>("word").Append($"w{id}");
            }

            var parted = stage.Apply(builder.Build());
            var column = parted.Column<Utf8Column>(options.Column);
            for (var i = 0; i < batch.Length; i++)
            {
                sides[batch[i]] = column.GetString(i)!;
            }
        }

        return sides;
    }
}
