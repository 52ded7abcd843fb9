using System.Buffers.Binary;
using System.Numerics;
using EventMl.Arrow;
using EventMl.Arrow.Format;

namespace EventMl.Foundation.Tests.Arrow;

public sealed class ArrowFormatTests
{
    [Fact]
    public void Touches_only_a_columns_own_bytes_when_it_alone_is_read()
    {
        var schema = SampleColumns.Schema("int64", "utf8", "list", "struct", "dense_union", "utf8_view", "dictionary", "float64");
        var source = new RecordingSource(SampleColumns.Write(schema, 1, isFile: true));
        using var file = new ArrowFile(source, "recorded", null);
        source.Touched.Clear();

        _ = file.Batch(0).Column("int64").Values<long>()[0];
        _ = file.Batch(0).Column("float64").Values<double>()[0];

        source.Touched.Sum(t => t.Length).ShouldBe(2 * (2 + (SampleColumns.Rows * 8)), "validity and values of two columns");
    }

    [Fact]
    public void Reads_streams_as_they_were_before_version_0_15()
    {
        var stream = SampleColumns.Write(SampleColumns.Schema("utf8", "dictionary"), 2, isFile: false);
        using var old = ArrowFile.Open(WithoutContinuations(stream));
        using var now = ArrowFile.Open(stream);

        old.BatchCount.ShouldBe(2);
        Canonical.Columns(old).ToJsonString().ShouldBe(Canonical.Columns(now).ToJsonString());
    }

    [Fact]
    public void Refuses_by_name_when_the_data_are_big_endian()
    {
        var writer = new FlatBufferWriter();
        var fields = writer.OffsetVector([]);
        writer.StartTable(4);
        writer.Reference(1, fields);
        writer.Int16(0, 1);
        var schema = writer.EndTable();
        writer.StartTable(5);
        writer.Reference(2, schema);
        writer.Int16(0, IpcMessage.CurrentVersion);
        writer.Int8(1, (byte)MessageKind.Schema);
        var message = writer.Finish(writer.EndTable()).ToArray();

        var bytes = new byte[8 + message.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, IpcMessage.Continuation);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), message.Length);
        message.CopyTo(bytes, 8);

        Should.Throw<ArrowFormatException>(() => ArrowFile.Open(bytes)).Message.ShouldContain("Big-endian");
    }

    [Theory]
    [InlineData(ArrowCompression.Lz4)]
    [InlineData(ArrowCompression.Zstd)]
    public void Refuses_when_a_small_file_would_unpack_to_much(ArrowCompression compression)
    {
        var builder = new RecordBatchBuilder(new ArrowSchema([new ArrowField("zeros", ArrowType.Of(ArrowKind.Int64))]));
        builder.Column<PrimitiveBuilder<long>>("zeros").Append(new long[1 << 20]);
        using var output = new MemoryStream();
        using (var writer = new ArrowFileWriter(output, builder.Schema, leaveOpen: true, new ArrowWriteOptions { Compression = compression }))
        {
            writer.Write(builder.Build());
            writer.Finish();
        }

        output.Length.ShouldBeLessThan(50_000);
        using var careful = ArrowFile.Open(output.ToArray(), new ArrowReadOptions { MaxUnpackedBytes = 1 << 20 });
        Should.Throw<ArrowFormatException>(careful.Validate).Message.ShouldContain(nameof(ArrowReadOptions.MaxUnpackedBytes));
        using var trusting = ArrowFile.Open(output.ToArray());
        trusting.Batch(0).Column("zeros").Values<long>().Length.ShouldBe(1 << 20);
    }

    [Theory]
    [InlineData("12.34", 7, 2, ArrowKind.Decimal32)]
    [InlineData("-0.0001", 18, 4, ArrowKind.Decimal64)]
    [InlineData("79228162514264337593543950335", 38, 0, ArrowKind.Decimal128)]
    [InlineData("-1.5", 76, 40, ArrowKind.Decimal256)]
    [InlineData("1200", 9, -2, ArrowKind.Decimal32)]
    public void Gives_back_a_decimal_when_it_fits_the_type(string text, int precision, int scale, ArrowKind kind)
    {
        var value = decimal.Parse(text);
        var builder = new RecordBatchBuilder(new ArrowSchema([new ArrowField("d", ArrowType.Decimal(precision, scale, kind))]));
        builder.Column<DecimalBuilder>("d").Append(value);
        builder.Column<DecimalBuilder>("d").AppendNull();
        var column = (DecimalColumn)builder.Build().Column("d");

        column.GetDecimal(0).ShouldBe(value);
        column.GetDecimal(1).ShouldBeNull();
    }

    [Fact]
    public void Refuses_a_decimal_when_digits_would_be_lost()
    {
        var builder = new RecordBatchBuilder(new ArrowSchema([new ArrowField("d", ArrowType.Decimal(4, 1))]));
        Should.Throw<ArgumentOutOfRangeException>(() => builder.Column<DecimalBuilder>("d").Append(1.25m)).Message.ShouldContain("round");
        Should.Throw<ArgumentOutOfRangeException>(() => builder.Column<DecimalBuilder>("d").Append(1000m)).Message.ShouldContain("more digits");
        Should.Throw<OverflowException>(() => Int256.FromBigInteger(BigInteger.One << 255));
        Int256.FromBigInteger(-(BigInteger.One << 255)).ToBigInteger().ShouldBe(-(BigInteger.One << 255));
    }

    [Fact]
    public async Task Says_where_to_go_when_a_file_is_read_as_a_stream() =>
        (await Should.ThrowAsync<ArrowFormatException>(() => ArrowStreamReader.OpenAsync(File.OpenRead(NodePeer.Fixture("own.arrow"))))).Message.ShouldContain(nameof(ArrowFile));

    [Fact]
    public async Task Refuses_when_a_stream_announces_more_than_is_taken()
    {
        var builder = new RecordBatchBuilder(new ArrowSchema([new ArrowField("n", ArrowType.Of(ArrowKind.Int64))]));
        builder.Column<PrimitiveBuilder<long>>("n").Append(new long[1000]);
        using var stream = new MemoryStream();
        using (var writer = new ArrowStreamWriter(stream, builder.Schema, leaveOpen: true))
            writer.Write(builder.Build());
        stream.Position = 0;

        await using var reader = await ArrowStreamReader.OpenAsync(stream, new ArrowReadOptions { MaxMessageBytes = 2000 });
        (await Should.ThrowAsync<ArrowFormatException>(async () => await reader.ReadAsync())).Message.ShouldContain(nameof(ArrowReadOptions.MaxMessageBytes));
    }

    [Fact]
    public async Task Writes_the_same_stream_when_nothing_may_block()
    {
        var schema = SampleColumns.Schema("utf8", "dictionary");
        using var output = new MemoryStream();
        await using (var writer = new ArrowStreamWriter(new AsyncOnly(output), schema, leaveOpen: true))
        {
            foreach (var batch in SampleColumns.Batches(schema, 2))
                await writer.WriteAsync(batch);
            await writer.FinishAsync();
        }

        output.ToArray().ShouldBe(SampleColumns.Write(schema, 2, isFile: false));
    }

    [Fact]
    public void Never_makes_a_file_look_whole_when_a_write_failed_in_between()
    {
        var schema = SampleColumns.Schema("int64");
        using var writer = new ArrowFileWriter(new AsyncOnly(Stream.Null), schema);

        Should.Throw<InvalidOperationException>(() => writer.Write(SampleColumns.Batches(schema, 1).Single())).Message.ShouldBe("synchronous write");
        Should.Throw<InvalidOperationException>(() => writer.Finish()).Message.ShouldContain("An earlier write failed");
    }

    private static byte[] WithoutContinuations(byte[] stream)
    {
        using var old = new MemoryStream();
        for (var at = 0; at < stream.Length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(stream.AsSpan(at + 4));
            if (length == 0)
            {
                old.Write(stream.AsSpan(at + 4, 4));
                break;
            }

            var message = IpcMessage.Parse(stream[(at + 8)..(at + 8 + length)], "test");
            var size = 4 + length + (int)message.BodyLength;
            old.Write(stream.AsSpan(at + 4, size));
            at += 4 + size;
        }

        return old.ToArray();
    }

    private sealed class RecordingSource(byte[] bytes) : ByteSource
    {
        public List<(long Offset, int Length)> Touched { get; } = [];

        public override long Length => bytes.Length;

        public override ReadOnlyMemory<byte> Slice(long offset, int length)
        {
            Touched.Add((offset, length));
            return bytes.AsMemory((int)offset, length);
        }

        public override void Dispose()
        {
        }
    }

    /// <summary>A response body refuses to block.</summary>
    private sealed class AsyncOnly(Stream output) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => throw new InvalidOperationException("synchronous flush");

        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new InvalidOperationException("synchronous write");

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => output.WriteAsync(buffer, cancellationToken);
    }
}
