using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using EventMl.Lake;
using EventMl.Lake.Storage;

namespace EventMl.Foundation.Tests.Lake;

/// <summary>An archive that somebody has tampered with is refused with the reason, and the lake is as it was.</summary>
public sealed class LakeArchiveHostileTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly LakeStore _lake;

    public LakeArchiveHostileTests() => _lake = new LakeStore(new LakeOptions { Root = _folder.At("lake") });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("traversal", "which its manifest does not name")]
    [InlineData("absolute", "which its manifest does not name")]
    [InlineData("extra", "which its manifest does not name")]
    [InlineData("twice", "twice")]
    [InlineData("missing", "is missing")]
    [InlineData("longer", "the manifest says")]
    [InlineData("other bytes", "does not have the hash")]
    [InlineData("link", "neither a file nor its header")]
    [InlineData("manifest last", "does not begin with the manifest")]
    [InlineData("manifest changed", "is damaged")]
    [InlineData("manifest of another version", "is named as one of version")]
    [InlineData("empty", "without the end mark")]
    public async Task Refuses_an_archive_with(string fault, string reason)
    {
        var entries = await EntriesAsync();
        var (manifest, data) = (entries[0], entries[1]);
        switch (fault)
        {
            case "traversal": entries.Add(data with { Name = "datasets/digits/data/../../../../etc/passwd" }); break;
            case "absolute": entries.Add(data with { Name = "/etc/passwd" }); break;
            case "extra": entries.Add(data with { Name = data.Name + "x" }); break;
            case "twice": entries.Add(data); break;
            case "missing": entries.Remove(data); break;
            case "longer": entries[1] = data with { Bytes = [.. data.Bytes, 0] }; break;
            case "other bytes": entries[1] = data with { Bytes = [.. data.Bytes[..^20], (byte)(data.Bytes[^20] ^ 1), .. data.Bytes[^19..]] }; break;
            case "link": entries[1] = data with { Link = "/etc/passwd" }; break;
            case "manifest last": (entries[0], entries[1]) = (data, manifest); break;
            case "manifest changed": entries[0] = manifest with { Bytes = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(manifest.Bytes).Replace("\"rows\": 3", "\"rows\": 4", StringComparison.Ordinal)) }; break;
            case "manifest of another version": entries[0] = manifest with { Name = manifest.Name.Replace("614.json", "613.json", StringComparison.Ordinal) }; break;
            default: entries.Clear(); break;
        }

        await RefusedAsync(Tar(entries), reason);
    }

    [Theory]
    [InlineData("rows", "rows in")]
    [InlineData("negative rows", "a number that no manifest has")]
    [InlineData("column", "does not hold")]
    [InlineData("path", "cannot stand in a lake")]
    [InlineData("model", "not a dataset")]
    [InlineData("huge", "are allowed")]
    [InlineData("schema", "")]
    public async Task Refuses_a_manifest_that_was_sealed_anew_with_wrong(string fault, string reason)
    {
        var entries = await EntriesAsync();
        var manifest = ManifestJson.Parse(entries[0].Bytes, "m").Manifest;
        var fragment = manifest.Fragments[0];
        manifest = fault switch
        {
            "rows" => manifest with { Fragments = [fragment with { PhysicalRows = 30 }], Stats = manifest.Stats with { Rows = 30 } },
            "negative rows" => manifest with { Fragments = [fragment with { PhysicalRows = -3 }] },
            "column" => manifest with { Fragments = [fragment with { Files = [fragment.Files[0] with { Columns = [0, 9] }] }] },
            "path" => manifest with { Fragments = [fragment with { Files = [fragment.Files[0] with { Path = "../../../etc/passwd" }] }] },
            "model" => manifest with { Kind = "model" },
            "huge" => manifest with { Fragments = [fragment with { Files = [fragment.Files[0] with { Bytes = long.MaxValue }] }] },
            _ => manifest with { ArrowSchema = Convert.ToBase64String(RandomNumberGenerator.GetBytes(64)) },
        };
        entries[0] = entries[0] with { Bytes = ManifestJson.Seal(manifest).Bytes };

        await RefusedAsync(Tar(entries), reason);
    }

    [Theory]
    [InlineData("no tar at all")]
    [InlineData("")]
    public async Task Refuses_what_is_no_archive(string text) => await RefusedAsync(Encoding.UTF8.GetBytes(text), "The archive cannot be imported");

    [Fact]
    public async Task Refuses_every_archive_that_is_cut_off()
    {
        var whole = Tar(await EntriesAsync());
        // The end mark is two blocks and padding; one block of it is enough.
        var end = whole.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        for (var length = 0; length < end; length += 211)
            await RefusedAsync(whole[..length], "");
    }

    [Fact]
    public async Task Refuses_headers_that_ask_for_more_than_there_is()
    {
        var whole = Tar(await EntriesAsync());
        await RefusedAsync(Forged(whole, at: 124, "77777777777\0"u8), "");
        await RefusedAsync(Forged(whole, at: 124, "99999999999\0"u8), "damaged");
        await RefusedAsync(Forged(whole, at: 148, "0000000\0"u8, keepSum: true), "no header");
    }

    [Fact]
    public async Task Survives_random_bytes_in_every_place()
    {
        var whole = Tar(await EntriesAsync());
        var random = new Random(11);
        for (var round = 0; round < 300; round++)
        {
            var bytes = whole.ToArray();
            for (var i = 0; i < 4; i++)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                // Bytes of the padding and of times and owners mean nothing.
                (await _lake.ImportAsync(new MemoryStream(bytes), $"fuzz-{round}", new LakeTransaction($"t{round}", "import", null), 1 << 30, Cancel)).NumRows.ShouldBe(3);
            }
            catch (LakeException)
            {
                (await _lake.GetAsync(LakeKind.Dataset, $"fuzz-{round}", ct: Cancel)).ShouldBeNull();
            }
        }
    }

    private async Task RefusedAsync(byte[] archive, string reason)
    {
        var before = Files();
        var refused = await Should.ThrowAsync<LakeException>(() => _lake.ImportAsync(new MemoryStream(archive), "digits", new LakeTransaction("i", "import", null), 1 << 30, Cancel));
        refused.Message.ShouldContain(reason);
        refused.Message.ShouldNotContain('\0');
        Files().ShouldBe(before);
        (await _lake.GetAsync(LakeKind.Dataset, "digits", ct: Cancel)).ShouldBeNull();
    }

    private string[] Files() => Directory.Exists(_folder.At("lake")) ? [.. Directory.EnumerateFiles(_folder.At("lake"), "*", SearchOption.AllDirectories).Where(f => !f.Contains("_writers", StringComparison.Ordinal)).Order(StringComparer.Ordinal)] : [];

    private async Task<List<Entry>> EntriesAsync()
    {
        var source = new LakeStore(new LakeOptions { Root = _folder.At("source") });
        var version = await source.CommitAsync(LakeKind.Dataset, "digits", _folder.Stage([1, 2, 3]), new LakeTransaction("one", "test", null), Cancel);
        var archive = new MemoryStream();
        await source.ExportAsync(version, archive, Cancel);
        archive.Position = 0;
        await using var reader = new TarReader(archive);
        var entries = new List<Entry>();
        while (await reader.GetNextEntryAsync(copyData: true, Cancel) is { } entry)
        {
            using var bytes = new MemoryStream();
            await entry.DataStream!.CopyToAsync(bytes, Cancel);
            entries.Add(new Entry(entry.Name, bytes.ToArray()));
        }

        return entries;
    }

    private static byte[] Tar(IEnumerable<Entry> entries)
    {
        using var archive = new MemoryStream();
        using (var writer = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var entry in entries)
                writer.WriteEntry(entry.Link is { } target
                    ? new PaxTarEntry(TarEntryType.SymbolicLink, entry.Name) { LinkName = target }
                    : new PaxTarEntry(TarEntryType.RegularFile, entry.Name) { DataStream = new MemoryStream(entry.Bytes) });
        }

        return archive.ToArray();
    }

    // Changes the first header, and its sum unless the sum itself is what is wrong.
    private static byte[] Forged(byte[] whole, int at, ReadOnlySpan<byte> field, bool keepSum = false)
    {
        var bytes = whole.ToArray();
        field.CopyTo(bytes.AsSpan(at));
        if (keepSum)
            return bytes;
        "        "u8.CopyTo(bytes.AsSpan(148));
        var sum = bytes.AsSpan(0, 512).ToArray().Sum(b => b);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(bytes, 148);
        return bytes;
    }

    private sealed record Entry(string Name, byte[] Bytes, string? Link = null);
}
