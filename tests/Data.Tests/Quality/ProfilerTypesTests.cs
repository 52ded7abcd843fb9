using EventMl.Arrow;
using EventMl.Data.Quality;
using Shouldly;
using Xunit;

namespace EventMl.Data.Tests.Quality;

public sealed class ProfilerTypesTests
{
    [Fact]
    public void Counts_nulls_and_shows_rows_when_columns_are_of_any_type()
    {
        var flat = Enum.GetValues<ArrowKind>().Where(k => k is not (ArrowKind.FixedSizeBinary or ArrowKind.Dictionary or ArrowKind.RunEndEncoded
            or (>= ArrowKind.FixedSizeList and <= ArrowKind.DenseUnion) or ArrowKind.Timestamp or ArrowKind.Time32 or ArrowKind.Time64 or ArrowKind.Duration
            or (>= ArrowKind.Decimal32 and <= ArrowKind.Decimal256))).Select(ArrowType.Of);
        var text = ArrowType.Of(ArrowKind.Utf8);
        ArrowType[] types =
        [
            .. flat, ArrowType.FixedSizeBinary(3), ArrowType.FixedSizeList(text, 2), ArrowType.List(text), ArrowType.Struct(new ArrowField("a", text)),
            ArrowType.Map(text, text), ArrowType.Dictionary(text), ArrowType.Timestamp(ArrowTimeUnit.Nanosecond, "UTC"),
            ArrowType.Time(ArrowTimeUnit.Second), ArrowType.Time(ArrowTimeUnit.Nanosecond), ArrowType.Duration(ArrowTimeUnit.Millisecond), ArrowType.Decimal(5, 2, ArrowKind.Decimal32),
            ArrowType.Decimal(10, 2, ArrowKind.Decimal64), ArrowType.Decimal(30, 2), ArrowType.Decimal(70, 2, ArrowKind.Decimal256),
        ];
        var schema = new ArrowSchema([.. types.Select((t, i) => new ArrowField($"c{i}", t))]);
        var builder = new RecordBatchBuilder(schema);
        for (var i = 0; i < types.Length; i++)
        {
            builder.Column(i).AppendNull();
            builder.Column(i).AppendNull();
        }

        var profiler = new Profiler(schema);
        profiler.Observe(builder.Build());
        var profile = profiler.Build();
        profile.Rows.ShouldBe(2);
        profile.Columns.ShouldAllBe(c => c.Nulls == 2 && c.Count == 0);
        profile.Columns.Select(c => c.Type).ShouldBe(types.Select(t => t.ToString()));
        QualityJson.Read<DatasetProfile>(QualityJson.Write(profile)).Columns.Count.ShouldBe(types.Length);
    }

    [Theory]
    [InlineData("123.45", 123.45)]
    [InlineData("-0.05", -0.05)]
    public void Reads_decimals_by_value(string text, double value)
    {
        var column = Profile(new ArrowField("x", ArrowType.Decimal(30, 4)), decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture));
        column.Top[0].Value.ShouldBe(text);
        column.Numeric!.Mean.ShouldBe(value);
    }

    [Fact]
    public void Tells_integers_apart_that_are_equal_as_doubles()
    {
        var column = Profile(Tables.Integer("x"), long.MaxValue, long.MaxValue - 1, long.MinValue);
        column.Distinct!.Value.ShouldBe(3);
        column.Top.Select(v => v.Value).ShouldBe([long.MinValue.ToString(), (long.MaxValue - 1).ToString(), long.MaxValue.ToString()]);
    }

    [Fact]
    public void Takes_minus_zero_for_zero()
    {
        Profile(Tables.Number("x"), 0.0, -0.0).Distinct!.Value.ShouldBe(1);
    }

    [Fact]
    public void Survives_text_that_is_not_UTF8()
    {
        var column = Profile(Tables.Text("x"), new byte[] { 0xC3, 0x28 }, "ok");
        column.Count.ShouldBe(2);
        column.Top.Select(v => v.Value).ShouldContain("\uFFFD(");
    }

    [Fact]
    public void Looks_through_dictionaries_in_preview_and_values()
    {
        var field = new ArrowField("x", ArrowType.Dictionary(ArrowType.Of(ArrowKind.Utf8)));
        var builder = new RecordBatchBuilder(new ArrowSchema([field]));
        var column = builder.Column<DictionaryBuilder>("x");
        column.Append("red");
        column.AppendNull();
        column.Append("red");
        column.Append("blue");
        var profiler = new Profiler(builder.Schema);
        profiler.Observe(builder.Build());
        var profile = profiler.Build();
        profile.Columns[0].Top.ShouldBe([new ValueCount("red", 2), new ValueCount("blue", 1)]);
        profile.Columns[0].Nulls.ShouldBe(1);
        profile.Preview.ShouldBe(["""{"x":"red"}""", """{"x":null}""", """{"x":"red"}""", """{"x":"blue"}"""]);
    }

    private static ColumnProfile Profile(ArrowField field, params object?[] values)
    {
        var profiler = new Profiler(new ArrowSchema([field]));
        profiler.Observe(Tables.Column(field, values));
        return profiler.Build().Columns[0];
    }
}
