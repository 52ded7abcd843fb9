using System.Buffers.Binary;
using System.IO.Compression;
using EventMl.Foundation.Tests.Arrow;
using EventMl.Lake.Formats;

namespace EventMl.Foundation.Tests.Lake;

public sealed class IdxTests : IDisposable
{
    private const string FashionMnist = "/usr/share/datasets/fashion-mnist";
    private readonly TestFolder _folder = new();

    [Fact]
    public async Task Every_row_of_Fashion_MNIST_is_the_same_when_another_reader_compares_both_formats()
    {
        Assert.SkipUnless(Directory.Exists(FashionMnist), "Debian's dataset-fashion-mnist is not installed.");

        var reports = new Progress();
        var stats = IdxDataset.WriteArrow(FashionMnist, _folder.At("out"), progress: reports, ct: TestContext.Current.CancellationToken);

        stats.ShouldBe(new IdxStats(70_000, 60_000, 10_000));
        reports.Last.ShouldBe(new IdxProgress(70_000, 70_000));
        (await NodePeer.RunAsync("idx-compare.cjs", FashionMnist, _folder.At("out"))).ShouldBe("{\"expected\":70000,\"rows\":70000,\"different\":0}");
        using var file = EventMl.Arrow.ArrowFile.Open(_folder.At("out/part-00000.arrow"));
        file.Schema.Fields[0].Metadata["shape"].ShouldBe("28,28");
        file.Batch(0).Length.ShouldBe(4096);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Reads_items_in_pieces_when_the_buffer_is_small(bool gzip)
    {
        var path = Write("a-idx", Header(0x08, 5, 2, 2), 20, gzip);
        using var file = IdxFile.Open(path);

        file.Dimensions.ShouldBe([5, 2, 2]);
        var buffer = new byte[9];
        file.ReadItems(buffer).ShouldBe(2);
        buffer[..8].ShouldBe([0, 1, 2, 3, 4, 5, 6, 7]);
        file.ReadItems(buffer).ShouldBe(2);
        file.ReadItems(buffer).ShouldBe(1);
        buffer[..4].ShouldBe([16, 17, 18, 19]);
        file.ReadItems(buffer).ShouldBe(0);
    }

    [Theory]
    [InlineData(true, 19, "cut off")]
    [InlineData(true, 21, "goes on after its 5 items")]
    [InlineData(false, 19, "has 35 bytes")]
    [InlineData(false, 21, "has 37 bytes")]
    public void Says_what_was_expected_when_data_are_missing_or_too_many(bool gzip, int bytes, string expected) =>
        Refusal(Write("a-idx", Header(0x08, 5, 2, 2), bytes, gzip)).ShouldContain(expected);

    [Fact]
    public void Names_the_file_when_the_magic_is_wrong()
    {
        var message = Refusal(Write("pixels", [0x89, 0x50, 0x4E, 0x47], 30, gzip: false));
        message.ShouldContain("pixels is not an IDX file: it begins with 89504e47");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Allocates_nothing_when_dimensions_are_huge(bool gzip) =>
        Refusal(Write("a-idx", Header(0x08, int.MaxValue, 1000, 1000), 10, gzip)).ShouldContain("2147483647 × 1000 × 1000");

    [Theory]
    [InlineData(4)]
    [InlineData(9)]
    [InlineData(60)]
    public void Refuses_when_a_gzip_file_is_cut(int missing)
    {
        var path = Write("a-idx", Header(0x08, 5, 2, 2), 20, gzip: true);
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..Math.Max(3, bytes.Length - missing)]);
        Refusal(path).ShouldContain("a-idx");
    }

    [Fact]
    public void Names_both_counts_when_images_and_labels_differ()
    {
        Write("train-images-idx3-ubyte", Header(0x08, 3, 2, 2), 12, gzip: false);
        Write("train-labels-idx1-ubyte", Header(0x08, 4), 4, gzip: false);

        Should.Throw<IdxFormatException>(() => IdxDataset.WriteArrow(_folder.Root, _folder.At("out"))).Message
            .ShouldContain("train-images-idx3-ubyte has 3 images; train-labels-idx1-ubyte has 4 labels");
    }

    [Fact]
    public void Names_the_item_when_a_label_is_out_of_range()
    {
        Write("train-images-idx3-ubyte.gz", Header(0x08, 12, 2, 2), 48, gzip: true);
        Write("train-labels-idx1-ubyte.gz", Header(0x08, 12), 12, gzip: true);

        Should.Throw<IdxFormatException>(() => IdxDataset.WriteArrow(_folder.Root, _folder.At("out"))).Message.ShouldContain("has the label 10 at item 10");
        IdxDataset.WriteArrow(_folder.Root, _folder.At("out2"), new IdxArrowOptions { Classes = 12 }, ct: TestContext.Current.CancellationToken).TrainRecords.ShouldBe(12);
    }

    [Fact]
    public void Says_which_half_is_missing_when_a_pair_is_incomplete()
    {
        Write("t10k-images-idx3-ubyte", Header(0x08, 3, 2, 2), 12, gzip: false);
        Should.Throw<IdxFormatException>(() => IdxDataset.Find(_folder.Root)).Message.ShouldContain("no t10k-labels-idx1-ubyte[.gz]");
    }

    public void Dispose() => _folder.Dispose();

    private static string Refusal(string path) => Should.Throw<IdxFormatException>(() =>
    {
        using var file = IdxFile.Open(path);
        var buffer = new byte[64];
        while (file.ReadItems(buffer) > 0)
            continue;
    }).Message;

    private static byte[] Header(byte type, params int[] dimensions)
    {
        var header = new byte[4 + (4 * dimensions.Length)];
        header[2] = type;
        header[3] = (byte)dimensions.Length;
        for (var i = 0; i < dimensions.Length; i++)
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + (4 * i)), dimensions[i]);
        return header;
    }

    private string Write(string name, byte[] header, int dataBytes, bool gzip)
    {
        var path = _folder.At(name);
        using Stream stream = gzip ? new GZipStream(File.Create(path), CompressionLevel.Optimal) : File.Create(path);
        stream.Write(header);
        stream.Write([.. Enumerable.Range(0, dataBytes).Select(i => (byte)i)]);
        return path;
    }

    private sealed class Progress : IProgress<IdxProgress>
    {
        public IdxProgress? Last { get; private set; }

        public void Report(IdxProgress value) => Last = value;
    }
}
