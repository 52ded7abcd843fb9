using System.Globalization;
using EventMl.Arrow;
using EventMl.Contracts.Datasets;
using EventMl.Datasets.Changing;
using EventMl.Datasets.Viewing;
using EventMl.Lake;

namespace EventMl.Services.Tests.Datasets;

/// <summary>Conditions on, and the look of, rows of every comparable type.</summary>
public sealed class RowFilterTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("eventml-filter-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("i", "=", "2", "1")]
    [InlineData("i", "!=", "2", "0,3")]
    [InlineData("i", ">=", "2", "1,3")]
    [InlineData("i", "is null", null, "2")]
    [InlineData("i", "is not null", null, "0,1,3")]
    [InlineData("u", "<", "18446744073709551615", "0,1,2")]
    [InlineData("u", "=", "18446744073709551615", "3")]
    [InlineData("f", "<", "1.5", "0")]
    [InlineData("f", "=", "NaN", null)]
    [InlineData("f", "!=", "1.5", "0,2,3")]
    [InlineData("s", ">", "b", "2")]
    [InlineData("b", "=", "true", "0,3")]
    [InlineData("d", "=", "1.50", "1")]
    [InlineData("t", ">", "2026-03-01T00:00:00Z", "1,2")]
    [InlineData("day", "<=", "2026-03-01", "0,1")]
    [InlineData("c", "=", "red", "0,2")]
    [InlineData("i", "=", "two", null)]
    [InlineData("b", "=", "1", null)]
    [InlineData("t", "<", "yesterday", null)]
    [InlineData("l", "=", "1", null)]
    [InlineData("none", "=", "1", null)]
    public async Task Chooses_rows(string column, string op, string? value, string? chosen)
    {
        var version = await VersionAsync();
        var where = new RowCondition { Column = column, Op = op, Value = value };

        if (chosen is null)
        {
            await Should.ThrowAsync<LakeException>(() => RowsAsync(version, where));
            return;
        }

        string.Join(',', await RowsAsync(version, where)).ShouldBe(chosen);
    }

    [Fact]
    public async Task Shows_every_type()
    {
        var preview = await DatasetPreview.ReadAsync(await VersionAsync(), 2, [], Cancel);

        preview.Rows[0].GetRawText().ShouldBe("""{"i":1,"u":1,"f":-1,"s":"a","b":true,"d":"-0.05","t":"2026-03-01T00:00:00Z","day":"2026-02-28","c":"red","l":[1,2]}""");
        preview.Rows[1].GetRawText().ShouldBe("""{"i":2,"u":2,"f":1.5,"s":"b","b":false,"d":"1.50","t":"2026-03-02T01:02:03.004000Z","day":"2026-03-01","c":"blue","l":[]}""");
        preview.Truncated.ShouldBeFalse();
    }

    [Fact]
    public async Task Cuts_what_is_long()
    {
        var schema = new ArrowSchema([new ArrowField("s", ArrowType.Of(ArrowKind.Utf8))]);
        var version = await CommitAsync(schema, batch => batch.Column<Utf8Builder>("s").Append(new string('x', 199) + "😀" + new string('y', 5000)));

        var preview = await DatasetPreview.ReadAsync(version, 5, [], Cancel);

        preview.Truncated.ShouldBeTrue();
        preview.Rows[0].GetProperty("s").GetString().ShouldBe(new string('x', 199) + "…");
    }

    private static async Task<List<long>> RowsAsync(LakeVersion version, RowCondition where)
    {
        var test = RowFilter.For(version, where);
        var found = new List<long>();
        await foreach (var rows in LakeReader.StreamAsync(version, [where.Column!], Cancel))
        {
            found.AddRange(Enumerable.Range(0, rows.Batch.Length).Where(row => test(rows.Batch.Column(0), row)).Select(row => rows.RowIds[row]));
        }

        return found;
    }

    private Task<LakeVersion> VersionAsync()
    {
        var schema = new ArrowSchema([
            new ArrowField("i", ArrowType.Of(ArrowKind.Int32)), new ArrowField("u", ArrowType.Of(ArrowKind.UInt64)), new ArrowField("f", ArrowType.Of(ArrowKind.Float64)),
            new ArrowField("s", ArrowType.Of(ArrowKind.Utf8)), new ArrowField("b", ArrowType.Of(ArrowKind.Bool)), new ArrowField("d", ArrowType.Decimal(9, 2)),
            new ArrowField("t", ArrowType.Timestamp(ArrowTimeUnit.Microsecond, "UTC")), new ArrowField("day", ArrowType.Of(ArrowKind.Date32)),
            new ArrowField("c", ArrowType.Dictionary(ArrowType.Of(ArrowKind.Utf8))), new ArrowField("l", ArrowType.List(ArrowType.Of(ArrowKind.Int32)))]);
        return CommitAsync(schema, batch =>
        {
            Fill<PrimitiveBuilder<int>, int>(batch, "i", [1, 2, null, 4], (b, v) => b.Append(v));
            Fill<PrimitiveBuilder<ulong>, ulong>(batch, "u", [1, 2, 3, ulong.MaxValue], (b, v) => b.Append(v));
            Fill<PrimitiveBuilder<double>, double>(batch, "f", [-1, 1.5, double.NaN, double.PositiveInfinity], (b, v) => b.Append(v));
            FillTexts<Utf8Builder>(batch, "s", ["a", "b", "c", null], (b, v) => b.Append(v));
            Fill<BoolBuilder, bool>(batch, "b", [true, false, null, true], (b, v) => b.Append(v));
            Fill<DecimalBuilder, decimal>(batch, "d", [-0.05m, 1.5m, null, 3m], (b, v) => b.Append(v));
            Fill<PrimitiveBuilder<long>, long>(batch, "t", [Micros("2026-03-01T00:00:00Z"), Micros("2026-03-02T01:02:03.004Z"), Micros("2027-01-01T00:00:00Z"), null], (b, v) => b.Append(v));
            Fill<PrimitiveBuilder<int>, int>(batch, "day", [20512, 20513, null, 20514], (b, v) => b.Append(v));
            FillTexts<DictionaryBuilder>(batch, "c", ["red", "blue", "red", null], (b, v) => b.Append(v));
            var list = batch.Column<ListBuilder>("l");
            foreach (var items in (int[]?[])[[1, 2], [], [3], null])
            {
                foreach (var item in items ?? [])
                {
                    ((PrimitiveBuilder<int>)list.Items).Append(item);
                }

                if (items is null)
                {
                    list.AppendNull();
                }
                else
                {
                    list.Append();
                }
            }
        });
    }

    private static long Micros(string instant) => (DateTimeOffset.Parse(instant, CultureInfo.InvariantCulture) - DateTimeOffset.UnixEpoch).Ticks / 10;

    private static void Fill<TBuilder, T>(RecordBatchBuilder batch, string name, T?[] values, Action<TBuilder, T> append)
        where TBuilder : ColumnBuilder
        where T : struct
    {
        foreach (var value in values)
        {
            if (value is { } there)
            {
                append(batch.Column<TBuilder>(name), there);
            }
            else
            {
                batch.Column<TBuilder>(name).AppendNull();
            }
        }
    }

    private static void FillTexts<TBuilder>(RecordBatchBuilder batch, string name, string?[] values, Action<TBuilder, string?> append)
        where TBuilder : ColumnBuilder
    {
        foreach (var value in values)
        {
            append(batch.Column<TBuilder>(name), value);
        }
    }

    private async Task<LakeVersion> CommitAsync(ArrowSchema schema, Action<RecordBatchBuilder> fill)
    {
        var staging = _folder.CreateSubdirectory("staging").FullName;
        using (var writer = ArrowFileWriter.Create(Path.Combine(staging, "part-00000.arrow"), schema))
        {
            var batch = new RecordBatchBuilder(schema);
            fill(batch);
            writer.Write(batch.Build());
            writer.Finish();
        }

        var lake = new LakeStore(new LakeOptions { Root = Path.Combine(_folder.FullName, "lake") });
        return await lake.CommitAsync(LakeKind.Dataset, "values", staging, new LakeTransaction("t", "test", null), Cancel);
    }
}
