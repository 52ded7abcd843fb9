using System.IO.Compression;
using System.Text;
using EventMl.Arrow;
using EventMl.Data.Sources.Csv;

namespace EventMl.Data.Tests.Sources;

public sealed class CsvSourceTests
{
    private readonly Rows _rows = new();

    [Fact]
    public void Types_are_found_when_a_sample_fits_them()
    {
        using var source = Open("i,f,b,d,t,z,s,zip,id\n-1,1.5,true,2024-02-29,2024-02-29 12:00:01.5,2024-02-29T12:00:00+02:00,x,00123,99999999999999999999\n2,3,FALSE,1969-12-31,2024-03-01,1970-01-01T00:00:00Z,5,1,1\n");

        source.Schema.Fields.Select(f => f.Type.ToString()).ShouldBe(
            ["int64", "float64", "bool", "date32", "timestamp[us]", "timestamp[us, UTC]", "string", "string", "string"]);
        var rows = Rows.Of(source);
        rows[0].ShouldBe([-1L, 1.5, true, 19782, 1709208001500000L, 1709200800000000L, "x", "00123", "99999999999999999999"]);
        rows[1].ShouldBe([2L, 3.0, false, -1, 1709251200000000L, 0L, "5", "1", "1"]);
        _rows.Bad.ShouldBeEmpty();
    }

    [Fact]
    public void Quoted_fields_keep_delimiters_newlines_and_quotes_when_they_hold_them()
    {
        using var source = Open("a,b\r\n\"x,\r\ny\",\"say \"\"hi\"\"\"\r\n\"\",\r\n5\" pipe,\"\"\"\"\r\n");

        Rows.Of(source).ShouldBe([["x,\r\ny", "say \"hi\""], ["", null], ["5\" pipe", "\""]]);
        _rows.Bad.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(100)]
    public void Rows_are_the_same_when_chunks_end_anywhere(int chunk)
    {
        var text = new StringBuilder("id,text\n");
        for (var i = 0; i < 500; i++)
        {
            text.Append(i).Append(",\"").Append('a', i % 90).Append("\"\"\n,").Append(i).Append("\"\n");
        }

        using var source = Open(text.ToString(), o => o with { ChunkBytes = chunk, Types = new Dictionary<string, ArrowType> { ["id"] = ArrowType.Of(ArrowKind.Int64), ["text"] = ArrowType.Of(ArrowKind.Utf8) } });

        var rows = Rows.Of(source);
        rows.Count.ShouldBe(500);
        rows.Select((row, i) => ((long)row[0]! == i) && (string)row[1]! == new string('a', i % 90) + "\"\n," + i).ShouldAllBe(same => same);
        _rows.Bad.ShouldBeEmpty();
    }

    [Fact]
    public void Bad_rows_are_kept_out_with_line_offset_column_and_reason()
    {
        using var source = Open("id,n\n1,10\n2,x\n\"a\nb\",3\n3\n4,5,6\n\"5\"z,6\n6,7\n", o => o with { SampleRows = 1 });

        Rows.Of(source).ShouldBe([[1L, 10L], [6L, 7L]]);
        _rows.Bad.Select(b => (b.Line, b.Offset, b.Column, b.Reason, Encoding.UTF8.GetString(b.Raw.Span))).ShouldBe(
        [
            (3, 10, "n", "'x' is no int64", "2,x"),
            (4, 14, "id", "'a\nb' is no int64", "\"a\nb\",3"),
            (6, 22, null, "it has 1 field; there are 2 columns", "3"),
            (7, 24, null, "it has 3 fields; there are 2 columns", "4,5,6"),
            (8, 30, "id", "something stands behind its closing quote", "\"5\"z,6"),
        ]);
    }

    [Fact]
    public void Line_is_given_up_alone_when_its_quote_is_never_closed()
    {
        using var source = Open("a,b\n1,x\n2,\"y\n3,z\n4,w\n", o => o with { MaxRowBytes = 1 << 10 });

        Rows.Of(source).ShouldBe([[1L, "x"], [3L, "z"], [4L, "w"]]);
        _rows.Bad.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            b => b.Line.ShouldBe(3), b => b.Reason.ShouldBe("a quote is not closed"), b => Encoding.UTF8.GetString(b.Raw.Span).ShouldBe("2,\"y\n"));
    }

    [Fact]
    public void Hostile_bytes_make_bad_rows_when_they_are_no_text()
    {
        byte[] bytes = [.. "a,b\n1,x\n2,"u8, 0xFF, 0xFE, (byte)'\n', .. "3,\0\n4,y\n"u8];
        using var source = CsvSource.Open(new MemoryStream(bytes), "t.csv", new CsvOptions(), _rows);

        Rows.Of(source).ShouldBe([[1L, "x"], [4L, "y"]]);
        _rows.Bad.Select(b => (b.Line, b.Reason)).ShouldBe([(3, "it is not valid UTF-8"), (4, "it has a NUL byte")]);
    }

    [Fact]
    public void Reading_ends_with_advice_when_a_line_has_no_end()
    {
        using var source = CsvSource.Open(new Endless(100_000_000), "long.csv", new CsvOptions { HasHeader = true, MaxRowBytes = 1 << 20 }, _rows);

        Should.Throw<SourceException>(() => Rows.Of(source)).Message.ShouldBe("Line 2 of long.csv is longer than max_row_bytes = 1048576; is it the right format? If it is, raise max_row_bytes.");
    }

    [Fact]
    public void Bomb_is_refused_when_gzip_unpacks_without_measure()
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write("a\n"u8);
            var line = Encoding.ASCII.GetBytes(new string('1', 1023) + "\n");
            for (var i = 0; i < 100_000; i++)
            {
                gzip.Write(line);
            }
        }

        packed.Position = 0;
        using var source = CsvSource.Open(packed, "bomb.csv.gz", new CsvOptions { Types = new Dictionary<string, ArrowType> { ["a"] = ArrowType.Of(ArrowKind.Utf8) } }, _rows);
        Should.Throw<SourceException>(() =>
        {
            foreach (var batch in source.Read(TestContext.Current.CancellationToken))
            {
                batch.Length.ShouldBeGreaterThan(0);
            }
        }).Message.ShouldContain("max_unpack_ratio");
    }

    [Fact]
    public void Gzip_is_unpacked_and_refused_when_it_is_cut_short()
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Encoding.ASCII.GetBytes("a,b\n" + string.Concat(Enumerable.Range(0, 10_000).Select(i => $"{i},{i * 31 % 977}\n"))));
        }

        using (var whole = CsvSource.Open(new MemoryStream(packed.ToArray()), "t.csv.gz", new CsvOptions(), _rows))
        {
            Rows.Of(whole).Count.ShouldBe(10_000);
        }

        Should.Throw<SourceException>(() =>
        {
            using var cut = CsvSource.Open(new MemoryStream(packed.ToArray()[..^2000]), "t.csv.gz", new CsvOptions { ChunkBytes = 1024 }, _rows);
            return Rows.Of(cut);
        }).Message.ShouldContain("damaged gzip");
    }

    [Fact]
    public void Numbers_and_special_values_are_read_when_a_type_is_given()
    {
        var types = new Dictionary<string, ArrowType> { ["f"] = ArrowType.Of(ArrowKind.Float64), ["m"] = ArrowType.Decimal(10, 2), ["k"] = ArrowType.Of(ArrowKind.Int8), ["u"] = ArrowType.Of(ArrowKind.UInt64) };
        using var source = Open("f;m;k;u\nNaN;1.50;-128;18446744073709551615\n-inf;-0.01;127;0\n1e400;1;1;1\n1;1.005;1;1\n1;1;128;1\n0.1;12345678;5;5\n", o => o with { Delimiter = (byte)';', Types = types });

        Rows.Of(source).ShouldBe([[double.NaN, 1.50m, (sbyte)-128, ulong.MaxValue], [double.NegativeInfinity, -0.01m, (sbyte)127, 0UL], [0.1, 12345678m, (sbyte)5, 5UL]]);
        _rows.Bad.Select(b => b.Column).ShouldBe(["f", "m", "k"]);
    }

    [Theory]
    [InlineData("0.1")]
    [InlineData("123456.789012345")]
    [InlineData("-3.141592653589793")]
    [InlineData("1e-300")]
    [InlineData("9007199254740993")]
    [InlineData("5e-324")]
    [InlineData("1.7976931348623157E308")]
    public void Floats_are_exact_to_the_last_bit(string text)
    {
        using var source = Open($"f,x\n{text},1\n", o => o with { Types = new Dictionary<string, ArrowType> { ["f"] = ArrowType.Of(ArrowKind.Float64) } });

        BitConverter.DoubleToInt64Bits((double)Rows.Of(source)[0][0]!).ShouldBe(BitConverter.DoubleToInt64Bits(double.Parse(text)));
    }

    [Fact]
    public void Blank_lines_comments_null_words_and_a_byte_order_mark_are_understood()
    {
        using var source = Open("\uFEFF# made, \"by\" hand\na,b\n\n1,NA\n# more\n2,\"NA\"\n", o => o with { Comment = (byte)'#', NullWords = ["NA"] });

        Rows.Of(source).ShouldBe([[1L, null], [2L, "NA"]]);
        source.Schema.Fields.Select(f => f.Name).ShouldBe(["a", "b"]);
    }

    [Fact]
    public void Columns_are_numbered_when_there_is_no_header()
    {
        using var source = Open("1\tx\n2\ty", o => o with { Delimiter = (byte)'\t', HasHeader = false });

        source.Schema.Fields.Select(f => f.Name).ShouldBe(["column_1", "column_2"]);
        Rows.Of(source).ShouldBe([[1L, "x"], [2L, "y"]]);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("a,a\n1,2\n", "two columns named 'a'")]
    [InlineData("a,\n1,2\n", "without a usable name")]
    public void Text_is_refused_when_its_header_cannot_name_columns(string text, string message) =>
        Should.Throw<SourceException>(() => Open(text)).Message.ShouldContain(message);

    [Fact]
    public void Text_is_refused_when_it_is_utf_16() =>
        Should.Throw<SourceException>(() => CsvSource.Open(new MemoryStream(Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("a,b\n1,2\n")).ToArray()), "t.csv", new CsvOptions(), _rows))
            .Message.ShouldContain("iconv");

    [Fact]
    public void Files_of_a_folder_are_one_source_when_their_headers_agree()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "1.csv"), "a,b\n1,x\n");
            File.WriteAllText(Path.Combine(folder.FullName, "2.csv"), "a,b\n2,y\n");
            var paths = EventMl.Data.Sources.InputFiles.List(folder.FullName, ".csv");
            using (var source = CsvSource.Open(paths, new CsvOptions(), _rows))
            {
                Rows.Of(source).ShouldBe([[1L, "x"], [2L, "y"]]);
                source.Progress.ShouldBe(new SourceProgress(16, 16, "bytes"));
            }

            File.WriteAllText(paths[1], "b,a\n2,y\n");
            using var other = CsvSource.Open(paths, new CsvOptions(), _rows);
            Should.Throw<SourceException>(() => Rows.Of(other)).Message.ShouldContain("Files of one folder need one header");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private CsvSource Open(string text, Func<CsvOptions, CsvOptions>? change = null) =>
        CsvSource.Open(new MemoryStream(Encoding.UTF8.GetBytes(text)), "t.csv", (change ?? (o => o))(new CsvOptions()), _rows);

    /// <summary>A header, a row, and a line that goes on for ever.</summary>
    private sealed class Endless(long bytes) : MemoryStream
    {
        private long _left = bytes;
        private bool _begun;

        public override int Read(Span<byte> buffer)
        {
            if (!_begun)
            {
                _begun = true;
                "a\n"u8.CopyTo(buffer);
                return 2;
            }

            var count = (int)Math.Min(_left, buffer.Length);
            buffer[..count].Fill((byte)'7');
            _left -= count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    }
}
