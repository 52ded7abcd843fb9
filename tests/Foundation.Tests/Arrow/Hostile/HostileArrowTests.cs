using EventMl.Arrow;

namespace EventMl.Foundation.Tests.Arrow.Hostile;

public sealed class HostileArrowTests
{
    private const int Rounds = 700;

    public static TheoryData<string> Fixtures =>
        ["cs.arrow", "cs.arrows", "empty.arrow", "js_own.arrow", "js_own.arrows", "own.arrow", "pl.uncompressed.arrow", "pl.lz4.arrow"];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Reads_or_refuses_but_never_crashes_when_bytes_are_flipped(string name)
    {
        var original = File.ReadAllBytes(NodePeer.Fixture(name));
#pragma warning disable CA5394 // a repeatable sequence is the point
        var random = new Random(20260101);
        var refused = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = (byte[])original.Clone();
            var flips = random.Next(1, 6);
            for (var i = 0; i < flips; i++)
            {
                var position = random.Next(bytes.Length);
                bytes[position] = random.Next(3) switch { 0 => 0xFF, 1 => (byte)random.Next(256), _ => (byte)(bytes[position] ^ (1 << random.Next(8))) };
            }

            refused += Refuses(bytes) ? 1 : 0;
        }
#pragma warning restore CA5394
        refused.ShouldBeGreaterThan(Rounds / 20, "the mutations must reach the checks");
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Refuses_when_the_file_is_cut_anywhere(string name)
    {
        var original = File.ReadAllBytes(NodePeer.Fixture(name));
        for (var length = 0; length < original.Length; length += 37)
        {
            var cut = original[..length];
            if (name.EndsWith(".arrow", StringComparison.Ordinal))
                Refuses(cut).ShouldBeTrue($"{name} cut to {length} bytes");
            else
                _ = Refuses(cut);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello, this is not arrow at all")]
    [InlineData("ARROW1\0\0ARROW1")]
    public void Says_that_it_is_no_Arrow_file_when_it_is_something_else(string text) =>
        Should.Throw<ArrowFormatException>(() => ArrowFile.Open(System.Text.Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Names_the_column_when_its_offsets_fall()
    {
        var schema = new ArrowSchema([new ArrowField("text", ArrowType.Of(ArrowKind.Utf8))]);
        var builder = new RecordBatchBuilder(schema);
        for (var i = 0; i < 3; i++)
            builder.Column<Utf8Builder>("text").Append("abc");
        using var stream = new MemoryStream();
        using (var writer = new ArrowFileWriter(stream, schema, leaveOpen: true))
        {
            writer.Write(builder.Build());
            writer.Finish();
        }

        var bytes = stream.ToArray();
        ReadOnlySpan<byte> offsets = [0, 0, 0, 0, 3, 0, 0, 0, 6, 0, 0, 0, 9, 0, 0, 0];
        var at = bytes.AsSpan().IndexOf(offsets);
        bytes[at + 8] = 1;

        using var file = ArrowFile.Open(bytes);
        Should.Throw<ArrowFormatException>(file.Validate).Message.ShouldContain("the offsets of column 'text' fall from 3 to 1 at row 1");
    }

    private static bool Refuses(byte[] bytes)
    {
        try
        {
            using var file = ArrowFile.Open(bytes);
            file.Validate();
            if (file.RowCount < 100_000)
                _ = Canonical.Columns(file);
            return false;
        }
        catch (ArrowFormatException)
        {
            return true;
        }
    }
}
