using EventMl.Data.Sources.Sql;
using EventMl.Testing;
using Npgsql;

namespace EventMl.Data.Tests.Sources;

public sealed class SqlSourceTests : IAsyncLifetime
{
    private readonly Rows _rows = new();
    private TestDatabase _database = null!;

    public async ValueTask InitializeAsync() => _database = await TestDatabase.CreateAsync();

    public async ValueTask DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public void Types_of_the_database_become_arrow_types()
    {
        using var source = Open("""
            select true b, 1::int2 i2, -2::int4 i4, 3::int8 i8, 1.5::float4 f4, 'NaN'::float8 f8, 12.50::numeric(6,2) n, -1234567890123456789.000000001::numeric u,
                   'ü'::text t, 'v'::varchar(3) v, '{"a": 1}'::jsonb j, '\x00ff'::bytea y, '1970-01-02'::date d, '1970-01-01 00:00:01'::timestamp ts,
                   '1970-01-01 01:00:00+01'::timestamptz tz, '00:00:01'::time ti, array[1,null,3]::int4[] a, '00000000-0000-0000-0000-000000000001'::uuid id, null::int4 nothing -- the end
            """);

        source.Schema.Fields.Select(f => f.Type.ToString()).ShouldBe(
        [
            "bool", "int16", "int32", "int64", "float32", "float64", "decimal128(6, 2)", "decimal128(38, 9)", "string", "string", "string", "binary", "date32",
            "timestamp[us]", "timestamp[us, UTC]", "time64[us]", "list<int32>", "string", "int32",
        ]);
        var row = Rows.Of(source).ShouldHaveSingleItem();
        row[..9].ShouldBe([true, (short)1, -2, 3L, 1.5f, double.NaN, 12.5m, -1234567890123456789.000000001m, "ü"]);
        row[10].ShouldBe("{\"a\": 1}");
        ((byte[])row[11]!).ShouldBe([0, 255]);
        row[12..16].ShouldBe([1, 1_000_000L, 0L, 1_000_000L]);
        ((object?[])row[16]!).ShouldBe([1, null, 3]);
        row[17..].ShouldBe(["00000000-0000-0000-0000-000000000001", null]);
    }

    [Fact]
    public void Rows_stream_in_batches_when_there_are_many()
    {
        using var source = SqlSource.Open(new SqlOptions { ConnectionString = _database.ConnectionString, Query = "select i, repeat('x', 100) t from generate_series(1, 100000) i;", BatchRows = 1000 }, _rows);

        var (count, sum) = (0, 0L);
        foreach (var batch in source.Read(TestContext.Current.CancellationToken))
        {
            batch.Length.ShouldBe(1000);
            count++;
            foreach (var i in batch.Column("i").Values<int>())
            {
                sum += i;
            }
        }

        (count, sum).ShouldBe((100, 5_000_050_000L));
        source.Progress.ShouldBe(new SourceProgress(100_000, 0, "rows"));
    }

    [Fact]
    public void Values_that_do_not_fit_make_bad_rows()
    {
        using var source = Open("select i, case i when 2 then 'NaN' when 3 then 1.00000000001 else i end::numeric n, case i when 4 then 'infinity'::date end d, case i when 5 then array[[1,2]] end a from generate_series(1, 6) i");

        Rows.Of(source).Select(r => r[0]).ShouldBe([1, 6]);
        _rows.Bad.Select(b => (b.Line, b.Column)).ShouldBe([(2, "n"), (3, "n"), (4, "d"), (5, "a")]);
    }

    [Theory]
    [InlineData("selec 1", "refuses the query")]
    [InlineData("select 1 a; select 2 b", "refuses the query")]
    [InlineData("select 1) to program 'id' --", "refuses the query")]
    [InlineData("select 1 a, 2 a", "two columns named 'a'")]
    [InlineData("select point(1, 2) p", "cast it in the query")]
    [InlineData("create table t (a int)", "no columns")]
    public void Query_is_refused_with_advice_when_it_cannot_be_read(string query, string message) =>
        Should.Throw<SourceException>(() =>
        {
            using var source = Open(query);
            return Rows.Of(source);
        }).Message.ShouldContain(message);

    [Fact]
    public async Task Nothing_is_written_when_a_query_tries()
    {
        await using (var connection = new NpgsqlConnection(_database.ConnectionString))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var create = new NpgsqlCommand("create table kept (a int)", connection);
            await create.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        Should.Throw<SourceException>(() =>
        {
            using var source = Open("with w as (insert into kept values (1) returning a) select a from w");
            return Rows.Of(source);
        }).Message.ShouldContain("read-only");
    }

    [Fact]
    public void Connection_is_not_shown_when_it_is_wrong()
    {
        var thrown = Should.Throw<SourceException>(() => SqlSource.Open(new SqlOptions { ConnectionString = "Host=127.0.0.1;Port=1;Passwort=geheim", Query = "select 1" }, _rows));

        thrown.ToString().ShouldNotContain("geheim");
        thrown.Message.ShouldContain("cannot be reached");
    }

    private SqlSource Open(string query) => SqlSource.Open(new SqlOptions { ConnectionString = _database.ConnectionString, Query = query }, _rows);
}
