using System.Text;
using EventMl.Arrow;
using EventMl.Data.Sources.Json;

namespace EventMl.Data.Tests.Sources;

public sealed class JsonLinesSourceTests
{
    private readonly Rows _rows = new();

    [Fact]
    public void Objects_and_lists_keep_their_shape()
    {
        using var source = Open("""
            {"id":1,"at":{"x":1.5,"tags":["a","b"]},"ok":true}
            {"id":2,"at":{"tags":[]},"ok":null}

            {"at":null,"id":3}
            """);

        source.Schema.Fields.Select(f => f.Type.ToString()).ShouldBe(["int64", "struct<x: float64, tags: list<string>>", "bool"]);
        var rows = Rows.Of(source);
        rows.Select(r => r[0]).ShouldBe([1L, 2L, 3L]);
        ((object?[])rows[0][1]!)[0].ShouldBe(1.5);
        ((object?[])((object?[])rows[0][1]!)[1]!).ShouldBe(["a", "b"]);
        ((object?[])rows[1][1]!)[0].ShouldBeNull();
        rows[2][1].ShouldBeNull();
        rows.Select(r => r[2]).ShouldBe([true, null, null]);
        _rows.Bad.ShouldBeEmpty();
    }

    [Fact]
    public void Objects_become_columns_when_they_are_flattened()
    {
        using var source = Open("{\"a\":{\"b\":{\"c\":1},\"d\":\"x\"}}\n{\"a\":null}\n{\"a\":{\"b\":{\"c\":2}}}\n", o => o with { Flatten = true });

        source.Schema.Fields.Select(f => f.Name).ShouldBe(["a.b.c", "a.d"]);
        Rows.Of(source).ShouldBe([[1L, "x"], [null, null], [2L, null]]);
    }

    [Fact]
    public void Bad_rows_are_kept_out_with_line_path_and_reason()
    {
        using var source = Open("{\"a\":1,\"b\":{\"c\":1}}\n{\"a\":\"x\"}\n{\"a\":1,\n[1]\n{\"a\":1,\"a\":2}\n{\"a\":2,\"z\":1}\n{\"a\":3,\"b\":{\"c\":[1]}}\n{\"a\":9}\n", o => o with { SampleRows = 1 });

        Rows.Of(source).Select(r => r[0]).ShouldBe([1L, 9L]);
        _rows.Bad.Select(b => (b.Line, b.Column)).ShouldBe([(2, "a"), (3, null), (4, null), (5, "a"), (6, "z"), (7, "b.c")]);
        _rows.Bad[0].Reason.ShouldBe("'x' is no int64");
        _rows.Bad[1].Reason.ShouldStartWith("it is no JSON");
        _rows.Bad[2].Reason.ShouldBe("it is no JSON object");
        _rows.Bad[3].Reason.ShouldBe("the field stands there twice");
        _rows.Bad[4].Reason.ShouldBe("no row of the sample had this field");
        _rows.Bad[5].Reason.ShouldBe("a list is no int64");
        Encoding.UTF8.GetString(_rows.Bad[5].Raw.Span).ShouldBe("{\"a\":3,\"b\":{\"c\":[1]}}");
    }

    [Fact]
    public void Values_of_several_kinds_become_text_when_the_sample_has_them()
    {
        using var source = Open("{\"a\":1}\n{\"a\":\"x\\n\"}\n{\"a\":[1, 2]}\n{\"a\":{\"b\":null}}\n");

        Rows.Of(source).Select(r => r[0]).ShouldBe(["1", "x\n", "[1, 2]", "{\"b\":null}"]);
    }

    [Fact]
    public void Dates_and_decimals_are_read_when_their_types_are_given()
    {
        var types = new Dictionary<string, ArrowType> { ["d"] = ArrowType.Of(ArrowKind.Date32), ["m"] = ArrowType.Decimal(6, 2) };
        using var source = Open("{\"d\":\"1970-01-02\",\"m\":\"1.25\"}\n{\"d\":\"soon\",\"m\":1}\n{\"d\":null,\"m\":2.5}\n", o => o with { Types = types });

        Rows.Of(source).ShouldBe([[1, 1.25m], [null, 2.5m]]);
        _rows.Bad.ShouldHaveSingleItem().Column.ShouldBe("d");
    }

    [Fact]
    public void Hostile_lines_make_bad_rows_when_they_are_no_json()
    {
        byte[] bytes = [.. "{\"a\":1}\n{\"a\":\""u8, 0xFF, .. "\"}\n"u8, .. Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 100_000)) + "\n"), .. "{\"a\":NaN}\n{\"\\ud800\":1}\n{\"a\":1e999}\n{\"a\":2}\n"u8];
        using var source = JsonLinesSource.Open(new MemoryStream(bytes), "t.jsonl", new JsonLinesOptions { SampleRows = 1 }, _rows);

        Rows.Of(source).Select(r => r[0]).ShouldBe([1L, 2L]);
        _rows.Bad.Select(b => b.Line).ShouldBe([2, 3, 4, 5, 6]);
    }

    [Fact]
    public void Text_is_refused_when_it_has_no_object() => Should.Throw<SourceException>(() => Open("1\n2\n")).Message.ShouldContain("one object on each line");

    private JsonLinesSource Open(string text, Func<JsonLinesOptions, JsonLinesOptions>? change = null) =>
        JsonLinesSource.Open(new MemoryStream(Encoding.UTF8.GetBytes(text)), "t.jsonl", (change ?? (o => o))(new JsonLinesOptions()), _rows);
}
