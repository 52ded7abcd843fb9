using System.Text.Json.Nodes;
using EventMl.Arrow;

namespace EventMl.Foundation.Tests.Arrow;

public sealed class ArrowFixtureTests
{
    public static TheoryData<string> Readable =>
        ["cs.arrow", "cs.arrows", "empty.arrow", "js_empty.arrow", "js_empty.arrows", "js_own.arrow", "js_own.arrows", "num.uncompressed.arrow", "own.arrow", "own.arrows", "pl.uncompressed.arrow"];

    [Theory]
    [MemberData(nameof(Readable))]
    public async Task Reads_what_another_reader_reads_when_the_file_comes_from_elsewhere(string name)
    {
        var theirs = JsonNode.Parse(await NodePeer.RunAsync("arrow-dump.cjs", NodePeer.Fixture(name)))!;

        using var file = ArrowFile.Open(NodePeer.Fixture(name));
        file.Validate();

        Canonical.Columns(file).ToJsonString().ShouldBe(theirs["columns"]!.ToJsonString());
    }

    [Theory]
    [InlineData("num", "lz4")]
    [InlineData("pl", "lz4")]
    [InlineData("num", "zstd")]
    [InlineData("pl", "zstd")]
    public void Reads_the_same_when_the_file_is_compressed(string name, string codec)
    {
        using var plain = ArrowFile.Open(NodePeer.Fixture(name + ".uncompressed.arrow"));
        using var packed = ArrowFile.Open(NodePeer.Fixture($"{name}.{codec}.arrow"));

        Canonical.Columns(packed).ToJsonString().ShouldBe(Canonical.Columns(plain).ToJsonString());
    }

    [Fact]
    public void Reads_the_same_when_the_bytes_are_in_memory_instead_of_mapped()
    {
        using var mapped = ArrowFile.Open(NodePeer.Fixture("own.arrow"));
        using var memory = ArrowFile.Open(File.ReadAllBytes(NodePeer.Fixture("own.arrow")));

        Canonical.Columns(memory).ToJsonString().ShouldBe(Canonical.Columns(mapped).ToJsonString());
        memory.RowCount.ShouldBe(9);
    }
}
