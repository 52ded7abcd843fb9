using System.Text;
using System.Text.Json;
using EventMl.EventStore;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.Foundation.Tests.EventStore;

public sealed class LedgerJsonTests
{
    private static readonly char[] _characters = ['a', 'ü', '"', '\\', '\0', '\n', '\ud800', '\udbff', '\udc00', '\udfff', '\u2028', '\uffff', '/', '\u001f'];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private enum Stage
    {
        None = 0,
        Ready = 3,
    }

    [Fact]
    public async Task Writes_the_frozen_shape_when_serialising()
    {
        var sample = new Sample(
            "Grüße <&'> \"q\"", Stage.Ready, new DateTimeOffset(2026, 3, 4, 7, 6, 7, TimeSpan.FromHours(2)).AddTicks(1_234_567), null, 0.1, long.MaxValue,
            new Dictionary<string, double>(StringComparer.Ordinal) { ["val loss"] = 1e-7, ["Acc"] = 1 },
            JsonSerializer.Deserialize<JsonElement>("""{"learning_rate": 1.0, "Nested": [1e3, true, null, {"π": "ü"}]}"""), ["x", ""], new Guid("0195b8a2-0000-7000-8000-000000000001"));

        var json = JsonSerializer.Serialize(sample, LedgerJson.Options);

        json.ShouldBe((await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "fixtures", "ledger-event.json"), Ct)).TrimEnd());
        var back = JsonSerializer.Deserialize<Sample>(json, LedgerJson.Options)!;
        JsonSerializer.Serialize(back, LedgerJson.Options).ShouldBe(json);
        back.At.ShouldBe(new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero).AddTicks(1_234_560));
    }

    [Fact]
    public async Task Gives_jsonb_only_what_it_keeps_when_texts_are_random()
    {
        await using var db = await TestLedger.CreateAsync();
        var random = new Random(42);
        var sent = Enumerable.Range(0, 2000).Select(_ => RandomText(random)).ToArray();
        var bodies = sent.Select(t => JsonSerializer.Serialize(new Dictionary<string, string>(StringComparer.Ordinal) { [t] = t }, LedgerJson.Options)).ToArray();
        await using var command = db.DataSource.CreateCommand("select j::text from unnest($1) with ordinality u(j, i) order by i");
        command.Parameters.Add(new NpgsqlParameter { Value = bodies, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb });

        await using var reader = await command.ExecuteReaderAsync(Ct);
        foreach (var text in sent)
        {
            (await reader.ReadAsync(Ct)).ShouldBeTrue();
            var pair = JsonSerializer.Deserialize<Dictionary<string, string>>(reader.GetString(0), LedgerJson.Options)!.Single();
            pair.Value.ShouldBe(Clean.Text(text));
            pair.Key.ShouldBe(Clean.Text(text));
        }
    }

    [Fact]
    public void Cleans_an_element_as_it_cleans_a_string_when_the_escapes_are_hostile()
    {
        var random = new Random(43);
        for (var i = 0; i < 2000; i++)
        {
            var text = RandomText(random);
            var escaped = string.Concat(text.Select(c => random.Next(2) == 0 || c < ' ' || c is '"' or '\\' || char.IsSurrogate(c) ? $"\\u{(int)c:x4}" : c.ToString()));
            using var document = JsonDocument.Parse($$"""{"{{escaped}}": ["{{escaped}}"]}""");

            var written = JsonSerializer.Deserialize<Dictionary<string, string[]>>(JsonSerializer.Serialize(document.RootElement, LedgerJson.Options))!.Single();

            written.Key.ShouldBe(Clean.Text(text));
            written.Value.ShouldBe([Clean.Text(text)]);
        }
    }

    [Fact]
    public void Does_not_throw_when_bytes_are_not_utf8()
    {
        using var document = JsonDocument.Parse(new byte[] { (byte)'"', 0xff, 0xc3, (byte)'a', (byte)'"' });

        JsonSerializer.Serialize(document.RootElement, LedgerJson.Options).ShouldBe("\"\ufffd\ufffda\"");
    }

    [Theory]
    [InlineData("1", "1")]
    [InlineData("0.10", "0.10")]
    [InlineData("-12345678901234567890.123", "-12345678901234567890.123")]
    [InlineData("1e400", "null")]
    [InlineData("-1e99999999", "null")]
    [InlineData("1e-99999999", "0")]
    public void Keeps_the_digits_of_a_number_when_jsonb_can_hold_it(string number, string expected) =>
        JsonSerializer.Serialize(JsonSerializer.Deserialize<JsonElement>(number), LedgerJson.Options).ShouldBe(expected);

    [Fact]
    public void Cuts_a_number_when_its_digits_have_no_end() =>
        JsonSerializer.Serialize(JsonSerializer.Deserialize<JsonElement>("0." + new string('1', 100_000)), LedgerJson.Options).Length.ShouldBeLessThan(30);

    [Theory]
    [InlineData("abc", 2, "ab")]
    [InlineData("a\U0001F600", 2, "a")]
    [InlineData("a\U0001F600", 3, "a\U0001F600")]
    [InlineData("\0\0ab", 2, "ab")]
    public void Cuts_no_character_in_half_when_a_text_is_too_long(string text, int limit, string expected) => Clean.Text(text, limit).ShouldBe(expected);

    [Fact]
    public void Changes_nothing_when_a_text_was_cleaned_before()
    {
        var random = new Random(44);
        for (var i = 0; i < 2000; i++)
        {
            var clean = Clean.Text(RandomText(random), 20);
            clean.Length.ShouldBeLessThanOrEqualTo(20);
            Clean.Text(clean, 20).ShouldBe(clean);
            Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(clean)).ShouldBe(clean);
        }
    }

    private static string RandomText(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => _characters[random.Next(_characters.Length)]));

    private sealed record Sample(
        string Text, Stage Stage, DateTimeOffset At, string? Nothing, double Rate, long Count, Dictionary<string, double> Metrics, JsonElement Params, string[] Tags, Guid Id);
}
