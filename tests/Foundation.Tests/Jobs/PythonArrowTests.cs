using System.Text.Json.Nodes;
using EventMl.Arrow;
using EventMl.Foundation.Tests.Arrow;
using EventMl.Jobs.Scripts;

namespace EventMl.Foundation.Tests.Jobs;

/// <summary>The helper package of Python scripts, which has only numpy, against our own Arrow library.</summary>
public sealed class PythonArrowTests
{
    // The values in the form of Canonical: whole numbers as text, reals and bytes in hexadecimal, structs as lists.
    private const string Dump = """
        import decimal, struct, numpy as np
        from eventml import arrow
        def canonical(value, kind):
            if value is None or isinstance(value, (bool, np.bool_)):
                return None if value is None else bool(value)
            if isinstance(value, str):
                return value
            if isinstance(value, bytes):
                return value.hex()
            if isinstance(value, np.datetime64):
                return str(int(value.astype("i8")))
            if isinstance(value, np.timedelta64):
                return str(int(value.astype("i8")))
            if isinstance(value, decimal.Decimal):
                return str(int("".join(map(str, value.as_tuple().digits))) * (-1 if value.is_signed() else 1))
            if isinstance(value, dict):
                return [canonical(v, kind) for v in value.values()]
            if isinstance(value, (list, tuple)):
                return [canonical(v, kind) for v in value]
            return str(value) if isinstance(value, int) else struct.pack(">d", value).hex()
        def run(input_path, output_path, params):
            table = arrow.read(params["file"])
            return {"columns": {f.name: [canonical(v, f.type) for v in table[f.name]] for f in table.fields}, "types": {f.name: f.type for f in table.fields}}
        """;

    private static readonly string[] s_read =
    [
        "null", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64", "utf8", "binary", "large_utf8", "large_binary",
        "utf8_view", "binary_view", "fixed_size_binary", "decimal32", "decimal64", "decimal128", "decimal256", "date32", "date64", "time32_s", "time32_ms", "time64_us", "time64_ns",
        "timestamp_s", "timestamp_ms", "timestamp_us", "timestamp_ns", "duration_s", "duration_ms", "duration_us", "duration_ns", "list", "large_list", "fixed_size_list", "struct", "map",
        "dictionary", "dictionary_uint32", "dictionary_int8", "list_of_struct", "struct_of_dictionary",
    ];

    [Theory]
    [InlineData(ArrowCompression.None)]
    [InlineData(ArrowCompression.Lz4)]
    [InlineData(ArrowCompression.Zstd)]
    public async Task Reads_every_type_that_it_claims(ArrowCompression compression)
    {
        using var scenario = new ScriptScenario();
        scenario.Write("dump.py", Dump);
        var file = Path.Combine(scenario.State, "all.arrow");
        File.WriteAllBytes(file, SampleColumns.Write(SampleColumns.Schema(s_read), batches: 2, isFile: true, new ArrowWriteOptions { Compression = compression }));

        var outcome = await scenario.RunAsync(await scenario.CommandAsync("dump.py", new { file }));

        var seen = JsonNode.Parse(outcome.ShouldBeOfType<ScriptCompleted>(outcome.LogTail).Stats.GetProperty("columns").GetRawText())!.AsObject();
        using var own = ArrowFile.Open(file);
        var expected = Canonical.Columns(own);
        foreach (var name in s_read)
        {
            Same(seen[name]).ShouldBe(Same(expected[name]), name);
        }
    }

    [Theory]
    [InlineData("sparse_union")]
    [InlineData("run_end_encoded")]
    [InlineData("interval_months")]
    [InlineData("list_view")]
    public async Task Names_the_column_whose_type_it_does_not_know(string name)
    {
        using var scenario = new ScriptScenario();
        scenario.Write("dump.py", Dump);
        var file = Path.Combine(scenario.State, "other.arrow");
        File.WriteAllBytes(file, SampleColumns.Write(SampleColumns.Schema(name), batches: 1, isFile: true));

        var outcome = await scenario.RunAsync(await scenario.CommandAsync("dump.py", new { file }));

        outcome.ShouldBeOfType<ScriptFailure>().Error.Message.ShouldContain($"column '{name}' has the Arrow type");
    }

    [Fact]
    public async Task Writes_every_type_that_it_claims()
    {
        using var scenario = new ScriptScenario();
        scenario.Write("write.py", """
            import datetime, decimal, numpy as np
            from eventml.arrow import Field, Writer
            COLUMNS = [
                ("bool", "bool", [True, None, False]), ("int8", "int8", [-128, None, 127]), ("uint64", "uint64", np.array([0, 1, 2**64 - 1], "u8")),
                ("float16", "float16", np.array([0.5, -2, 65504], "f2")), ("float64", "float64", [1.5, None, float("inf")]), ("masked", "int32", np.ma.array([1, 2, 3], mask=[0, 1, 0])),
                ("utf8", "utf8", ["Größe", None, ""]), ("large_utf8", "large_utf8", ["a", "b", None]), ("binary", "binary", [b"\0\xff", None, b""]), ("images", "binary", np.arange(6, dtype="u1").reshape(3, 2)),
                ("fixed", "fixed_size_binary[2]", [b"ab", None, b"cd"]), ("date32", "date32", ["1960-02-29", None, datetime.date(2024, 1, 1)]),
                ("timestamp", "timestamp[us, UTC]", ["2024-05-06T07:08:09", None, np.datetime64(0, "s")]), ("nanos", "timestamp[ns]", np.array([1, 2, 3], "M8[ns]")), ("duration", "duration[ms]", [1, None, -1]),
                ("time", "time64[us]", [1, None, 3]), ("decimal", "decimal128[12, 2]", [decimal.Decimal("-1.25"), None, "9999999999.99"]),
                ("list", "list<int32>", [[1, None], None, []]), ("nested", "large_list<list<utf8>>", [[["a"], []], [None], None]), ("vector", "fixed_size_list<float32>[2]", np.array([[1, 2], [3, 4], [5, 6]], "f4")),
                ("struct", "struct<x: int32, y: utf8>", [{"x": 1, "y": "q"}, None, {"x": None, "y": "w"}]), ("category", "dictionary<int8, utf8>", ["red", None, "green"]), ("null", "null", [None] * 3),
            ]
            def run(input_path, output_path, params):
                with Writer(output_path + "/all.arrow", [Field(n, t, {"unit": "m"}, nullable=True) for n, t, _ in COLUMNS]) as writer:
                    writer.write({n: v for n, _, v in COLUMNS})
                    # The second batch has another category, which goes into the file as a delta.
                    writer.write({n: (["blue", "red", None] if n == "category" else v) for n, _, v in COLUMNS})
                return {}
            """);

        var outcome = await scenario.RunAsync(await scenario.CommandAsync("write.py"));

        outcome.ShouldBeOfType<ScriptCompleted>(outcome.LogTail);
        using var file = ArrowFile.Open(Path.Combine(scenario.OutputPath, "all.arrow"));
        file.Validate();
        file.BatchCount.ShouldBe(2);
        file.Schema.Fields[0].Metadata["unit"].ShouldBe("m");
        var columns = Canonical.Columns(file);
        var twice = (string values) => Same(JsonNode.Parse($"[{values}, {values}]"));
        Same(columns["bool"]).ShouldBe(twice("true, null, false"));
        Same(columns["int8"]).ShouldBe(twice("\"-128\", null, \"127\""));
        Same(columns["uint64"]).ShouldBe(twice("\"0\", \"1\", \"18446744073709551615\""));
        Same(columns["masked"]).ShouldBe(twice("\"1\", null, \"3\""));
        Same(columns["utf8"]).ShouldBe(twice("\"Größe\", null, \"\""));
        Same(columns["binary"]).ShouldBe(twice("\"00ff\", null, \"\""));
        Same(columns["images"]).ShouldBe(twice("\"0001\", \"0203\", \"0405\""));
        Same(columns["fixed"]).ShouldBe(twice("\"6162\", null, \"6364\""));
        Same(columns["date32"]).ShouldBe(twice("\"-3594\", null, \"19723\""));
        Same(columns["timestamp"]).ShouldBe(twice("\"1714979289000000\", null, \"0\""));
        Same(columns["nanos"]).ShouldBe(twice("\"1\", \"2\", \"3\""));
        Same(columns["duration"]).ShouldBe(twice("\"1\", null, \"-1\""));
        Same(columns["decimal"]).ShouldBe(twice("\"-125\", null, \"999999999999\""));
        Same(columns["list"]).ShouldBe(twice("[\"1\", null], null, []"));
        Same(columns["nested"]).ShouldBe(twice("[[\"a\"], []], [null], null"));
        Same(columns["struct"]).ShouldBe(twice("[\"1\", \"q\"], null, [null, \"w\"]"));
        Same(columns["null"]).ShouldBe(twice("null, null, null"));
        Same(columns["category"]).ShouldBe(Same(JsonNode.Parse("""["red", null, "green", "blue", "red", null]""")));
        file.Schema.Fields.Single(f => f.Name == "vector").Type.Kind.ShouldBe(ArrowKind.FixedSizeList);
    }

    [Theory]
    [InlineData("int8", "[1, 300]")]
    [InlineData("int32", "np.array([1.5])")]
    [InlineData("uint8", "np.array([-1])")]
    [InlineData("int32", "[None]")]
    [InlineData("utf8", "[1]")]
    [InlineData("fixed_size_list<int32>[2]", "[[1]]")]
    [InlineData("decimal128[4, 2]", "['123.45']")]
    [InlineData("date32", "['yesterday']")]
    public async Task Says_what_is_wrong_when_values_do_not_fit_the_column(string type, string values)
    {
        using var scenario = new ScriptScenario();
        scenario.Write("write.py", $$"""
            import os, numpy as np
            from eventml.arrow import Field, Writer
            def run(input_path, output_path, params):
                with Writer(output_path + "/x.arrow", [Field("amount", "{{type}}")]) as writer:
                    writer.write({"amount": {{values}}})
                return {}
            """);

        var outcome = await scenario.RunAsync(await scenario.CommandAsync("write.py"));

        outcome.ShouldBeOfType<ScriptFailure>().Error.Message.ShouldStartWith("ValueError: ");
        Directory.GetFiles(scenario.OutputPath).ShouldBeEmpty();
    }

    [Fact]
    public async Task Says_that_a_file_is_damaged_when_bytes_of_it_are_changed()
    {
        using var scenario = new ScriptScenario();
        scenario.Write("fuzz.py", """
            import random
            from eventml import arrow
            def run(input_path, output_path, params):
                original, refused, path = open(params["file"], "rb").read(), 0, output_path + "/x.arrow"
                chance = random.Random(params["seed"])
                for _ in range(params["rounds"]):
                    data = bytearray(original)
                    for _ in range(chance.choice([1, 2, 8])):
                        at = chance.randrange(len(data) - 4)
                        data[at : at + 4] = chance.choice([chance.randbytes(4), b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\0\0\0\0"])
                    if chance.random() < 0.1:
                        del data[chance.randrange(len(data)) :]
                    with open(path, "wb") as file:
                        file.write(data)
                    try:
                        table = arrow.read(path)
                        for field in table.fields:
                            table[field.name].to_list()
                    except arrow.ArrowError:
                        refused += 1
                return {"refused": refused}
            """);
        var file = Path.Combine(scenario.State, "all.arrow");
        File.WriteAllBytes(file, SampleColumns.Write(SampleColumns.Schema(s_read), batches: 1, isFile: true));
        var seed = Random.Shared.Next();

        var outcome = await scenario.RunAsync(await scenario.CommandAsync("fuzz.py", new { file, seed, rounds = 150, limits = new { memory_mb = 800 } }));

        outcome.ShouldBeOfType<ScriptCompleted>($"seed {seed}: {outcome.LogTail}").Stats.GetProperty("refused").GetInt32().ShouldBeGreaterThan(20);
    }

    [Fact]
    public async Task Adds_up_a_file_that_is_larger_than_the_memory_it_may_use()
    {
        using var scenario = new ScriptScenario(limits: new ScriptLimits { MemoryBytes = 100_000_000 });
        var input = Directory.CreateDirectory(Path.Combine(scenario.State, "input")).FullName;
        const int Rows = 500_000;
        const int Batches = 60;
        var builder = new RecordBatchBuilder(new ArrowSchema([new ArrowField("price", ArrowType.Of(ArrowKind.Float64))]));
        for (var row = 0; row < Rows; row++)
        {
            builder.Column<PrimitiveBuilder<double>>("price").Append(row);
        }

        var batch = builder.Build();
        using (var writer = ArrowFileWriter.Create(Path.Combine(input, "part-00000.arrow"), builder.Schema))
        {
            for (var i = 0; i < Batches; i++)
            {
                writer.Write(batch);
            }

            writer.Finish();
        }

        var command = await scenario.CommandAsync("pipelines/column_sums.py");
        var outcome = await scenario.RunAsync(command with { Request = command.Request with { InputPath = input } });

        var stats = outcome.ShouldBeOfType<ScriptCompleted>(outcome.LogTail).Stats;
        stats.GetProperty("total_records").GetInt64().ShouldBe((long)Rows * Batches);
        stats.GetProperty("sum_price").GetDouble().ShouldBe(Batches * (Rows * (Rows - 1.0) / 2), 1e-3);
        using var sums = ArrowFile.Open(Path.Combine(scenario.OutputPath, "part-00000.arrow"));
        sums.RowCount.ShouldBe(1);
    }

    private static string Same(JsonNode? node) => node?.ToJsonString() ?? "null";
}
