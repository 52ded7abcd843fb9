using System.Text.Json.Nodes;
using EventMl.Arrow;

namespace EventMl.Foundation.Tests.Arrow;

public sealed class ArrowWriterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("eventml-arrow-").FullName;

    private static readonly ArrowSchema s_schema = new(
        [
            new("i8", ArrowType.Of(ArrowKind.Int8)), new("i16", ArrowType.Of(ArrowKind.Int16)), new("i32", ArrowType.Of(ArrowKind.Int32)),
            new("i64", ArrowType.Of(ArrowKind.Int64), nullable: false), new("u8", ArrowType.Of(ArrowKind.UInt8)), new("u16", ArrowType.Of(ArrowKind.UInt16)),
            new("u32", ArrowType.Of(ArrowKind.UInt32)), new("u64", ArrowType.Of(ArrowKind.UInt64)), new("f16", ArrowType.Of(ArrowKind.Float16)),
            new("f32", ArrowType.Of(ArrowKind.Float32)), new("f64", ArrowType.Of(ArrowKind.Float64)), new("b", ArrowType.Of(ArrowKind.Bool)),
            new("s", ArrowType.Of(ArrowKind.Utf8), metadata: new Dictionary<string, string> { ["sprache"] = "Größe" }),
            new("bin", ArrowType.Of(ArrowKind.Binary)), new("fsb", ArrowType.FixedSizeBinary(3)),
            new("vec", ArrowType.FixedSizeList(ArrowType.Of(ArrowKind.Float32), 2)), new("lst", ArrowType.List(ArrowType.Of(ArrowKind.Int32))),
            new("st", ArrowType.Struct(new ArrowField("x", ArrowType.Of(ArrowKind.Int32)), new ArrowField("y", ArrowType.Of(ArrowKind.Utf8)))),
            new("ts", ArrowType.Timestamp(ArrowTimeUnit.Microsecond, "UTC")), new("d", ArrowType.Of(ArrowKind.Date32)), new("nothing", ArrowType.Of(ArrowKind.Null)),
        ],
        new Dictionary<string, string> { ["eventml.dataset"] = "demo", ["ü"] = "ß" });

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 1)]
    [InlineData(true, 3)]
    [InlineData(false, 0)]
    [InlineData(false, 3)]
    public async Task Another_reader_sees_the_same_values_when_every_type_is_written(bool isFile, int batches)
    {
        var path = Path.Combine(_folder, "all.arrow");
        Write(path, isFile, batches);

        var theirs = JsonNode.Parse(await NodePeer.RunAsync("arrow-dump.cjs", path))!;

        using var file = ArrowFile.Open(path);
        file.Validate();
        file.BatchCount.ShouldBe(batches);
        file.RowCount.ShouldBe(batches * 11);
        Canonical.Columns(file).ToJsonString().ShouldBe(theirs["columns"]!.ToJsonString());
        theirs["metadata"]!.ToJsonString().ShouldBe(new JsonObject { ["eventml.dataset"] = "demo", ["ü"] = "ß" }.ToJsonString());
        theirs["fields"]![12]!["metadata"]!["sprache"]!.GetValue<string>().ShouldBe("Größe");
        theirs["fields"]![3]!["nullable"]!.GetValue<bool>().ShouldBeFalse();
        file.Schema.HasSameFieldsAs(s_schema).ShouldBeTrue();
        if (batches > 0)
        {
            var batch = file.Batch(0);
            batch.Column("i64").Values<long>()[10].ShouldBe(10_000_000_000_000L);
            batch.Column("i32").IsNull(3).ShouldBeTrue();
            batch.Column<Utf8Column>("s").GetString(1).ShouldBe("Zeile 1 ü€😀");
            batch.Column<FixedSizeListColumn>("vec").GetRow<float>(2).ToArray().ShouldBe([2f, -2.5f]);
        }
    }

    [Fact]
    public void Gives_back_the_same_file_when_what_was_read_is_written_again()
    {
        var first = Path.Combine(_folder, "first.arrow");
        var second = Path.Combine(_folder, "second.arrow");
        Write(first, isFile: true, 2);
        using (var file = ArrowFile.Open(first))
        using (var writer = ArrowFileWriter.Create(second, file.Schema))
        {
            foreach (var batch in file.Batches())
                writer.Write(batch);
            writer.Finish(file.Metadata);
        }

        File.ReadAllBytes(second).ShouldBe(File.ReadAllBytes(first));
    }

    [Fact]
    public void Is_refused_as_a_whole_when_the_writer_never_finished()
    {
        var path = Path.Combine(_folder, "half.arrow");
        using (var writer = ArrowFileWriter.Create(path, s_schema))
            writer.Write(Batch(0));

        Should.Throw<ArrowFormatException>(() => ArrowFile.Open(path)).Message.ShouldContain("never finished");
    }

    [Fact]
    public void Throws_instead_of_reading_unmapped_memory_when_the_file_was_closed()
    {
        var path = Path.Combine(_folder, "closed.arrow");
        Write(path, isFile: true, 1);
        var file = ArrowFile.Open(path);
        var column = file.Batch(0).Column("i64");
        file.Dispose();

        Should.Throw<ObjectDisposedException>(() => column.Values<long>().Length);
    }

    [Fact]
    public void Says_which_type_it_is_when_a_column_is_read_as_another()
    {
        using var file = InMemory();
        var error = Should.Throw<InvalidOperationException>(() => file.Batch(0).Column("f32").Values<double>().Length);
        error.Message.ShouldBe("Column 'f32' is float32; read it as Single, not as Double.");
    }

    [Fact]
    public void Refuses_a_null_when_the_column_allows_none()
    {
        var builder = new RecordBatchBuilder(s_schema);
        Should.Throw<InvalidOperationException>(() => builder.Column<PrimitiveBuilder<long>>("i64").AppendNull()).Message.ShouldContain("'i64'");
    }

    [Theory]
    [InlineData("vec", "fixed_size_list<float32>[2]")]
    [InlineData("ts", "timestamp[us, UTC]")]
    [InlineData("s", "string")]
    [InlineData("fsb", "fixed_size_binary[3]")]
    [InlineData("st", "struct<x: int32, y: string>")]
    public void Names_types_as_schemas_do_when_asked(string column, string expected) =>
        s_schema.Fields[s_schema.IndexOf(column)].Type.ToString().ShouldBe(expected);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ArrowFile InMemory()
    {
        using var stream = new MemoryStream();
        using var writer = new ArrowFileWriter(stream, s_schema, leaveOpen: true);
        writer.Write(Batch(0));
        writer.Finish();
        return ArrowFile.Open(stream.ToArray());
    }

    private static void Write(string path, bool isFile, int batches)
    {
        if (isFile)
        {
            using var writer = ArrowFileWriter.Create(path, s_schema);
            for (var i = 0; i < batches; i++)
                writer.Write(Batch(i));
            writer.Finish(new Dictionary<string, string> { ["made-by"] = "test" });
        }
        else
        {
            using var writer = new ArrowStreamWriter(File.Create(path), s_schema);
            for (var i = 0; i < batches; i++)
                writer.Write(Batch(i));
            writer.Finish();
        }
    }

    private static RecordBatch Batch(int salt)
    {
        var b = new RecordBatchBuilder(s_schema);
        for (var i = 0; i < 11; i++)
        {
            var sign = (i & 1) == 0 ? 1 : -1;
            b.Column<PrimitiveBuilder<long>>("i64").Append(i * 1_000_000_000_000L);
            b.Column<NullBuilder>("nothing").AppendNull();
            if (i == 3 + salt)
            {
                for (var c = 0; c < s_schema.Fields.Count; c++)
                {
                    if (s_schema.Fields[c].Name is not ("i64" or "nothing"))
                        b.Column(c).AppendNull();
                }

                continue;
            }

            b.Column<PrimitiveBuilder<sbyte>>("i8").Append((sbyte)(sign * i));
            b.Column<PrimitiveBuilder<short>>("i16").Append((short)(sign * i * 1000));
            b.Column<PrimitiveBuilder<int>>("i32").Append(sign * i * 100_000_000);
            b.Column<PrimitiveBuilder<byte>>("u8").Append((byte)(255 - i));
            b.Column<PrimitiveBuilder<ushort>>("u16").Append((ushort)(65535 - i));
            b.Column<PrimitiveBuilder<uint>>("u32").Append(uint.MaxValue - (uint)i);
            b.Column<PrimitiveBuilder<ulong>>("u64").Append(ulong.MaxValue - (ulong)i);
            b.Column<PrimitiveBuilder<Half>>("f16").Append((Half)(i * 0.25));
            b.Column<PrimitiveBuilder<float>>("f32").Append(i * 0.1f);
            b.Column<PrimitiveBuilder<double>>("f64").Append(sign * i / 3.0);
            b.Column<BoolBuilder>("b").Append((i & 2) != 0);
            b.Column<Utf8Builder>("s").Append(i == 0 ? "" : $"Zeile {i + salt} ü€😀");
            b.Column<BinaryBuilder>("bin").Append(Enumerable.Range(0, i).Select(x => (byte)(x * 7)).ToArray());
            b.Column<FixedSizeBinaryBuilder>("fsb").Append([(byte)i, 2, 255]);
            b.Column<FixedSizeListBuilder>("vec").Append<float>([i, -2.5f]);
            var list = b.Column<ListBuilder>("lst");
            for (var k = 0; k < i % 4; k++)
            {
                if (k == 2)
                    list.Items.AppendNull();
                else
                    ((PrimitiveBuilder<int>)list.Items).Append(k * sign);
            }

            list.Append();
            var rows = b.Column<StructBuilder>("st");
            ((PrimitiveBuilder<int>)rows.Fields[0]).Append(i);
            ((Utf8Builder)rows.Fields[1]).Append(i == 5 ? null : $"y{i}");
            rows.Append();
            b.Column<PrimitiveBuilder<long>>("ts").Append(1_700_000_000_123_456L + i);
            b.Column<PrimitiveBuilder<int>>("d").Append(20_000 - i);
        }

        return b.Build();
    }
}
