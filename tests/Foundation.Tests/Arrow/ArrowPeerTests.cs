using System.Text;
using System.Text.Json.Nodes;
using EventMl.Arrow;

namespace EventMl.Foundation.Tests.Arrow;

/// <summary>What other Arrow implementations make of every type we write, and we of what they write; docs/arrow.md holds the outcome.</summary>
public sealed class ArrowPeerTests : IDisposable
{
    private const string TableStart = "<!-- peers: written by ArrowPeerTests with EVENTML_UPDATE_GOLDEN=1 -->";
    private const string TableEnd = "<!-- end of peers -->";
    private const string Both = "both ways";
    private const string Refused = "–";

    private static readonly (string Id, string Title)[] s_peers =
        [("apache-arrow", "apache-arrow JS"), ("flechette", "Flechette JS"), ("arrow-rs", "arrow-rs (parquet-wasm)"), ("polars", "Polars"), ("lancedb", "LanceDB")];

    private readonly string _folder = Directory.CreateTempSubdirectory("eventml-arrow-peers-").FullName;

    [Fact]
    public async Task Peers_read_and_write_as_the_table_says_when_every_type_is_exchanged()
    {
        foreach (var name in SampleColumns.Names)
            await WriteAsync(name, SampleColumns.Schema(name), batches: 1, ArrowWriteOptions.Default);
        var table = new StringBuilder();
        table.AppendLine($"| type | {string.Join(" | ", s_peers.Select(p => p.Title))} |");
        table.AppendLine($"|---|{string.Concat(s_peers.Select(_ => "---|"))}");
        var outcomes = new Dictionary<string, Dictionary<string, string>>();
        var faults = new List<string>();
        foreach (var (peer, _) in s_peers)
            outcomes[peer] = await ExchangeAsync(peer, faults);
        foreach (var name in SampleColumns.Names)
        {
            var cells = s_peers.Select(p => outcomes[p.Id][name]).ToList();
            table.AppendLine($"| `{SampleColumns.Field(name).Type}` | {string.Join(" | ", cells)} |");
            if (!cells.Contains(Both))
                faults.Add($"{name} has no peer both ways: {string.Join(", ", cells)}");
        }

        faults.ShouldBeEmpty();
        Compare(table.ToString());
    }

    [Theory]
    [InlineData("polars", ArrowCompression.Lz4)]
    [InlineData("polars", ArrowCompression.Zstd)]
    [InlineData("lancedb", ArrowCompression.Lz4)]
    [InlineData("lancedb", ArrowCompression.Zstd)]
    public async Task Peer_sees_the_same_values_when_buffers_are_packed(string peer, ArrowCompression compression)
    {
        var builder = new RecordBatchBuilder(new ArrowSchema([new ArrowField("n", ArrowType.Of(ArrowKind.Int64)), new ArrowField("s", ArrowType.Of(ArrowKind.Utf8)), new ArrowField("r", ArrowType.Of(ArrowKind.Float64))]));
        for (var i = 0; i < 900; i++)
        {
            builder.Column<PrimitiveBuilder<long>>("n").Append(i / 7);
            builder.Column<Utf8Builder>("s").Append(i % 11 == 0 ? null : $"row number {i / 3} of many");
            builder.Column<PrimitiveBuilder<double>>("r").Append(BitConverter.Int64BitsToDouble(i * 6_364_136_223_846_793_005L & 0x3FFF_FFFF_FFFF_FFFF));
        }

        var path = Path.Combine(_folder, "packed.arrow");
        using (var writer = ArrowFileWriter.Create(path, builder.Schema, new ArrowWriteOptions { Compression = compression }))
        {
            writer.Write(builder.Build());
            writer.Finish();
        }

        new FileInfo(path).Length.ShouldBeLessThan(900 * 30);
        var faults = new List<string>();
        (await ExchangeAsync(peer, faults))["packed"].ShouldBe(Both);
        faults.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("apache-arrow", true, Both)]
    [InlineData("apache-arrow", false, Both)]
    [InlineData("flechette", true, Both)]
    [InlineData("flechette", false, Both)]
    [InlineData("arrow-rs", true, Both)]
    [InlineData("arrow-rs", false, Both)]
    [InlineData("polars", true, Refused)]
    [InlineData("polars", false, Both)]
    [InlineData("lancedb", true, Both)]
    [InlineData("lancedb", false, Both)]
    public async Task Peer_sees_the_same_values_when_dictionaries_grow_over_batches(string peer, bool deltas, string outcome)
    {
        await WriteAsync("grown", SampleColumns.Schema("dictionary", "dictionary_uint32", "struct_of_dictionary"), batches: 3, new ArrowWriteOptions { DictionaryDeltas = deltas });

        var faults = new List<string>();
        (await ExchangeAsync(peer, faults))["grown"].ShouldBe(outcome);
        faults.ShouldBeEmpty();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void Compare(string table)
    {
        var path = Path.Combine(NodePeer.RepositoryRoot, "docs/arrow.md");
        var text = File.ReadAllText(path);
        var (start, end) = (text.IndexOf(TableStart, StringComparison.Ordinal) + TableStart.Length + 1, text.IndexOf(TableEnd, StringComparison.Ordinal));
        if (Environment.GetEnvironmentVariable("EVENTML_UPDATE_GOLDEN") == "1")
            File.WriteAllText(path, text[..start] + table + text[end..]);
        else
            text[start..end].ShouldBe(table, "docs/arrow.md is out of date; EVENTML_UPDATE_GOLDEN=1 writes it anew");
    }

    private async Task WriteAsync(string name, ArrowSchema schema, int batches, ArrowWriteOptions options)
    {
        await File.WriteAllBytesAsync(Path.Combine(_folder, name + ".arrow"), SampleColumns.Write(schema, batches, isFile: true, options));
        await File.WriteAllBytesAsync(Path.Combine(_folder, name + ".arrows"), SampleColumns.Write(schema, batches, isFile: false, options));
    }

    /// <summary>Has a peer read everything in the folder and write it again; the values must be ours each time.</summary>
    private async Task<Dictionary<string, string>> ExchangeAsync(string peer, List<string> faults)
    {
        var results = JsonNode.Parse(await NodePeer.RunAsync("arrow-peers.cjs", peer, _folder))!.AsObject();
        return results.ToDictionary(r => r.Key, r => Outcome(r.Key, peer, r.Value!, faults));
    }

    private string Outcome(string name, string peer, JsonNode result, List<string> faults)
    {
        if (result["error"] is not null)
            return Refused;
        using var ours = ArrowFile.Open(Path.Combine(_folder, name + ".arrow"));
        if (result["values"] is { } values && new JsonArray([.. Canonical.Columns(ours).Select(c => c.Value!.DeepClone())]).ToJsonString() is var expected && values.ToJsonString() != expected)
            faults.Add($"{peer} reads {name} as {values.ToJsonString()}; we as {expected}");
        if (result["written"] is null)
            return "reads ours";
        using var theirs = ArrowFile.Open(Path.Combine(_folder, $"{name}.{peer}"));
        theirs.Validate();
        for (var i = 0; i < ours.Schema.Fields.Count; i++)
        {
            var (was, back) = (InUnitOf(theirs, ours, i), InUnitOf(ours, theirs, i));
            if (was != back)
                faults.Add($"{name} comes back from {peer} as {back}; it was {was}");
        }

        return Both;
    }

    /// <summary>The values of a column, times and durations in the finer unit of both files: Polars has units of its own.</summary>
    private static string InUnitOf(ArrowFile other, ArrowFile file, int column)
    {
        var (unit, finer) = (UnitOf(file.Schema.Fields[column].Type), UnitOf(other.Schema.Fields[column].Type));
        var values = Canonical.Columns(file)[file.Schema.Fields[column].Name]!.AsArray();
        var factor = (long)Math.Pow(1000, Math.Max(0, finer - unit));
        return factor == 1 ? values.ToJsonString() : new JsonArray([.. values.Select(v => v is null ? null : JsonValue.Create($"{long.Parse(v.GetValue<string>()) * factor}"))]).ToJsonString();
    }

    private static ArrowTimeUnit UnitOf(ArrowType type) => type.Kind == ArrowKind.Date64 ? ArrowTimeUnit.Millisecond : type.Unit;
}
