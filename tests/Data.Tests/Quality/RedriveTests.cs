using EventMl.Arrow;
using EventMl.Data.Quality;
using Shouldly;
using Xunit;

namespace EventMl.Data.Tests.Quality;

public sealed class RedriveTests
{
    private static readonly ArrowField[] s_fields = [Tables.Integer("id"), Tables.Number("age"), Tables.Text("country")];
    private static readonly ArrowSchema s_schema = new(s_fields);
    private static readonly SuiteContext s_context = new() { Now = DateTimeOffset.UnixEpoch };
    private static readonly QualitySuite s_suite = QualitySuite.Parse("""
        suite: quality/1
        name: people
        expectations:
          - { expect: range, column: age, min: 0, max: 120, on_fail: quarantine }
          - { expect: not_null, column: country, on_fail: quarantine }
        """);

    [Fact]
    public void Hundred_rows_arrive_once_when_fixed_and_re_driven_twice()
    {
        var rows = Quarantine();
        rows.Count.ShouldBe(100);
        var fixes = rows.Select(r => new RowFix(r.Id, """{"age": 33, "country": "DE"}""")).ToList();
        var delivered = new HashSet<string>(StringComparer.Ordinal);
        var first = Redrive.Run(rows, fixes, s_schema, s_suite, s_context, delivered);
        first.Accepted.Length.ShouldBe(100);
        first.Remaining.ShouldBeEmpty();
        first.Accepted.Column("id").Values<long>().ToArray().ShouldBe(Enumerable.Range(0, 1000).Where(i => i % 10 == 0).Select(i => (long)i));
        delivered.UnionWith(first.AcceptedIds);

        // The source is read again, and the same rows are put aside under the same ids.
        var again = Redrive.Run(Quarantine().Concat(rows), fixes, s_schema, s_suite, s_context, delivered);
        again.Accepted.Length.ShouldBe(0);
        again.AlreadyDelivered.Count.ShouldBe(100);
    }

    [Fact]
    public void Keeps_rows_that_still_fail_with_their_new_reason()
    {
        var rows = Quarantine().Take(4).ToList();
        RowFix[] fixes =
        [
            new(rows[0].Id, """{"age": 33}"""), new(rows[1].Id, """{"age": "old"}"""), new(rows[2].Id, """{"nation": "DE"}"""), new("unknown", "{}"),
        ];
        var result = Redrive.Run(rows, fixes, s_schema, s_suite, s_context, new HashSet<string>());
        result.Accepted.Length.ShouldBe(0);
        result.UnknownFixes.ShouldBe(["unknown"]);
        result.Remaining.Select(r => r.Id).ShouldBe(rows.Select(r => r.Id));
        result.Remaining.Select(r => r.Row).ShouldBe(rows.Select(r => r.Row));
        result.Remaining[0].Reasons.Single().Expectation.ShouldBe("not_null.country");
        result.Remaining[1].Reasons.Single().Reason.ShouldBe("\"old\" does not fit column 'age', which is float64");
        result.Remaining[2].Reasons.Single().Reason.ShouldBe("there is no column 'nation'; there are id, age, country");
        result.Remaining[3].Reasons.Select(r => r.Expectation).ShouldBe(["range.age", "not_null.country"]);
    }

    [Fact]
    public void Lets_rows_through_unchanged_when_the_suite_was_fixed()
    {
        var loose = QualitySuite.Parse("suite: quality/1\nname: loose\nexpectations: [{ expect: range, column: age, max: 1000, on_fail: quarantine }]");
        var result = Redrive.Run(Quarantine(), [], s_schema, loose, s_context, new HashSet<string>());
        result.Accepted.Length.ShouldBe(100);
        result.Accepted.Column("age").Values<double>()[0].ShouldBe(500);
    }

    [Fact]
    public void Tells_equal_rows_of_different_places_apart()
    {
        string[] ids = [Id("a.csv", 1), Id("a.csv", 2), Id("b.csv", 1), Id("a.csv", 1)];
        ids.Distinct().Count().ShouldBe(3);
        ids[3].ShouldBe(ids[0]);

        static string Id(string source, long position) => QuarantinedRow.Of(source, position, "{}", []).Id;
    }

    [Fact]
    public void Comes_back_from_Arrow_and_notices_damage()
    {
        var rows = Quarantine();
        var table = QuarantineTable.Write(rows);
        QuarantineTable.Read(table).Select(QualityJson.Write).ShouldBe(rows.Select(QualityJson.Write));
        var builder = new RecordBatchBuilder(QuarantineTable.Schema);
        foreach (var (column, value) in new[] { ("id", rows[0].Id), ("source", "people.csv"), ("row", "{}"), ("reasons", "[]") })
            builder.Column<Utf8Builder>(column).Append(value);
        builder.Column<PrimitiveBuilder<long>>("position").Append(0);
        Should.Throw<FormatException>(() => QuarantineTable.Read(builder.Build()).ToList()).Message.ShouldContain("its content gives");
    }

    [Fact]
    public void Reads_back_every_value_that_a_row_shows()
    {
        var utf8 = ArrowType.Of(ArrowKind.Utf8);
        ArrowField[] fields =
        [
            Tables.Integer("i"), new("u", ArrowType.Of(ArrowKind.UInt64)), new("f", ArrowType.Of(ArrowKind.Float32)), Tables.Number("d"), new("b", ArrowType.Of(ArrowKind.Bool)), Tables.Text("t"),
            new("x", ArrowType.Of(ArrowKind.Binary)), new("fx", ArrowType.FixedSizeBinary(2)), new("dec", ArrowType.Decimal(30, 4)), new("day", ArrowType.Of(ArrowKind.Date32)),
            new("ms", ArrowType.Of(ArrowKind.Date64)), new("ts", ArrowType.Timestamp(ArrowTimeUnit.Nanosecond, "UTC")), new("clock", ArrowType.Time(ArrowTimeUnit.Microsecond)),
            new("took", ArrowType.Duration(ArrowTimeUnit.Millisecond)), new("dict", ArrowType.Dictionary(utf8)), new("list", ArrowType.List(ArrowType.Of(ArrowKind.Int32))),
            new("pair", ArrowType.FixedSizeList(ArrowType.Of(ArrowKind.Float32), 2)), new("rec", ArrowType.Struct(new ArrowField("a", utf8), new ArrowField("n", ArrowType.Of(ArrowKind.Int8)))),
            new("map", ArrowType.Map(utf8, ArrowType.Of(ArrowKind.Int32))), new("run", ArrowType.RunEndEncoded(utf8)),
        ];
        var json = """
            {"i":-9223372036854775808,"u":18446744073709551615,"f":0.1,"d":1E-300,"b":true,"t":"ä \"<","x":"AAH/","fx":"AQI=","dec":-12345678901234567890.1234,"day":"1969-07-20",
            "ms":"2026-01-31","ts":"1969-12-31T23:59:59.123456789Z","clock":"23:59:59.000001","took":"-1.5s","dict":"red","list":[1,null,3],"pair":[0.5,-2],"rec":{"a":null,"n":-7},
            "map":[{"key":"k","value":1}],"run":"r"}
            """.Replace("\n", "", StringComparison.Ordinal);
        var anything = QualitySuite.Parse("suite: quality/1\nname: any\nexpectations: [{ expect: row_count, min: 0 }]");
        var row = QuarantinedRow.Of("s", 0, json, []);
        var result = Redrive.Run([row], [], new ArrowSchema(fields), anything, s_context, new HashSet<string>());
        result.Remaining.SelectMany(r => r.Reasons).ShouldBeEmpty();
        RowJson.Row(result.Accepted, 0).ShouldBe(json);
    }

    private static List<QuarantinedRow> Quarantine()
    {
        var evaluation = new SuiteEvaluation(s_suite, s_schema, s_context);
        var rows = Enumerable.Range(0, 1000).Select(i => new object?[] { i, i % 10 == 0 ? 500.0 : 40.0, i % 10 == 0 ? null : "FR" });
        return [.. rows.Chunk(128).SelectMany(chunk =>
        {
            var batch = Tables.Of(s_fields, chunk);
            return QuarantinedRow.From(batch, evaluation.Observe(batch), "people.csv");
        })];
    }
}
