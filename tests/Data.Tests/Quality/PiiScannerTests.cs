using System.Globalization;
using EventMl.Arrow;
using EventMl.Contracts;
using EventMl.Data.Quality;
using Shouldly;
using Xunit;

namespace EventMl.Data.Tests.Quality;

public sealed class PiiScannerTests
{
    [Theory]
    [InlineData("write to jane.doe+x@mail.example.co.uk, please", PiiKind.Email)]
    [InlineData("+49 30 901820", PiiKind.Phone)]
    [InlineData("+14155552671", PiiKind.Phone)]
    [InlineData("call (415) 555-2671 now", PiiKind.Phone)]
    [InlineData("415-555-2671", PiiKind.Phone)]
    [InlineData("030 1234567", PiiKind.Phone)]
    [InlineData("DE89370400440532013000", PiiKind.Iban)]
    [InlineData("IBAN GB29 NWBK 6016 1331 9268 19 IS MINE", PiiKind.Iban)]
    [InlineData("NO9386011117947", PiiKind.Iban)]
    [InlineData("4111 1111 1111 1111", PiiKind.CreditCard)]
    [InlineData("card 378282246310005 (test)", PiiKind.CreditCard)]
    [InlineData("5555555555554444", PiiKind.CreditCard)]
    [InlineData("from 192.168.17.4.", PiiKind.IpAddress)]
    [InlineData("2001:db8::8a2e:370:7334", PiiKind.IpAddress)]
    [InlineData("078-05-1120", PiiKind.UsSsn)]
    [InlineData("11010519491231002X", PiiKind.CnResidentId)]
    [InlineData("身份证 440308199901101512", PiiKind.CnResidentId)]
    public void Finds_and_masks(string text, PiiKind kind)
    {
        var finding = Scan(Tables.Text("t"), text).ShouldHaveSingleItem();
        finding.Kind.ShouldBe(kind);
        finding.IsLikely().ShouldBeTrue();
        finding.Samples.Single().ShouldContain("***");
        var visible = finding.Samples.Single().Replace("*", "", StringComparison.Ordinal).Replace("@", "", StringComparison.Ordinal);
        visible.Length.ShouldBeLessThanOrEqualTo(2);
    }

    [Theory]
    [InlineData("DE89370400440532013001")]
    [InlineData("4111 1111 1111 1112")]
    [InlineData("110105194912310021")]
    [InlineData("11010519491331002X")]
    [InlineData("666-05-1120")]
    [InlineData("078-00-1120")]
    [InlineData("256.1.1.1")]
    [InlineData("2026-11-22T17:36:54.123456Z")]
    [InlineData("10:11:12")]
    [InlineData("00:1a:2b:3c:4d:5e")]
    [InlineData("user@localhost")]
    [InlineData("3.141592653589793238")]
    [InlineData("1.234.567,89")]
    [InlineData("ISBN 978-3-16-148410-0")]
    [InlineData("commit 4111111111111111abcdef")]
    [InlineData("v1.2.3")]
    public void Leaves_alone_what_only_looks_alike(string text) => Scan(Tables.Text("t"), text).ShouldBeEmpty();

    [Fact]
    public void Calls_nothing_likely_in_numbers_identifiers_and_instants()
    {
        var random = new Random(2);
        object?[][] rows =
        [
            .. Enumerable.Range(0, 20_000).Select(i => new object?[]
            {
                (double)random.Next(256), random.NextInt64(1_000_000_000, 99_999_999_999_999_999), Ids.New().ToString(), Convert.ToHexString(BitConverter.GetBytes(random.NextInt64())),
                DateTimeOffset.UnixEpoch.AddSeconds(random.NextInt64(2_000_000_000)).ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
                random.NextDouble().ToString(CultureInfo.InvariantCulture), "ORD-" + random.NextInt64(10_000_000_000), random.NextInt64(1_600_000_000_000, 1_800_000_000_000),
            }),
        ];
        ArrowField[] fields =
        [
            Tables.Number("pixel"), Tables.Integer("number"), Tables.Text("uuid"), Tables.Text("hex"), Tables.Text("at"), Tables.Text("float"), Tables.Text("order"), Tables.Integer("millis"),
        ];
        var scanner = new PiiScanner(new ArrowSchema(fields));
        scanner.Observe(Tables.Of(fields, rows));
        scanner.Build().Findings.Where(f => f.IsLikely()).ShouldBeEmpty();
    }

    [Fact]
    public void Finds_nothing_in_columns_of_pixels()
    {
        var field = new ArrowField("image", ArrowType.FixedSizeList(ArrowType.Of(ArrowKind.UInt8), 784));
        var builder = new RecordBatchBuilder(new ArrowSchema([field, new ArrowField("label", ArrowType.Of(ArrowKind.Int64))]));
        var pixels = new byte[784];
        for (var i = 0; i < 100; i++)
        {
            new Random(i).NextBytes(pixels);
            builder.Column<FixedSizeListBuilder>("image").Append<byte>(pixels);
            builder.Column<PrimitiveBuilder<long>>("label").Append(i % 10);
        }

        var scanner = new PiiScanner(builder.Schema);
        scanner.Observe(builder.Build());
        scanner.Build().Findings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("homePhone", PiiKind.Phone)]
    [InlineData("CUSTOMER_E-MAIL", PiiKind.Email)]
    [InlineData("last_name", PiiKind.PersonName)]
    [InlineData("date_of_birth", PiiKind.BirthDate)]
    public void Takes_a_column_name_for_a_hint_but_no_proof(string name, PiiKind kind)
    {
        var finding = Scan(Tables.Text(name), "n/a").ShouldHaveSingleItem();
        finding.ShouldSatisfyAllConditions(f => f.Kind.ShouldBe(kind), f => f.NameHint.ShouldBeTrue(), f => f.IsLikely().ShouldBeFalse(), f => f.Matches.ShouldBe(0));
    }

    [Fact]
    public void Believes_card_numbers_in_integers_only_when_nearly_all_of_them_check()
    {
        Scan(Tables.Integer("n"), 4111111111111111, 5555555555554444, 378282246310005).Single().IsLikely().ShouldBeTrue();
        Scan(Tables.Integer("n"), [4111111111111111, .. Enumerable.Range(0, 50).Select(i => (object?)(1000000000000000L + i))]).Single().IsLikely().ShouldBeFalse();
    }

    private static IReadOnlyList<PiiFinding> Scan(ArrowField field, params object?[] values)
    {
        var scanner = new PiiScanner(new ArrowSchema([field]));
        scanner.Observe(Tables.Column(field, values));
        return scanner.Build().Findings;
    }
}
