using EventMl.Arrow;

namespace EventMl.Foundation.Tests.Arrow;

public sealed class ArrowRoundTripTests
{
    public static TheoryData<bool, ArrowCompression, bool> Ways
    {
        get
        {
            var ways = new TheoryData<bool, ArrowCompression, bool>();
            foreach (var isFile in (bool[])[true, false])
            {
                foreach (var compression in Enum.GetValues<ArrowCompression>())
                {
                    ways.Add(isFile, compression, false);
                    ways.Add(isFile, compression, true);
                }
            }

            return ways;
        }
    }

    [Fact]
    public void Has_a_sample_of_every_type_when_all_are_tested() =>
        SampleColumns.Names.Select(n => SampleColumns.Field(n).Type.Kind).Distinct().Order().ShouldBe(Enum.GetValues<ArrowKind>());

    [Theory]
    [MemberData(nameof(Ways))]
    public void Gives_back_every_value_when_all_types_were_written(bool isFile, ArrowCompression compression, bool deltas)
    {
        var schema = SampleColumns.Schema(SampleColumns.Names);
        var bytes = SampleColumns.Write(schema, 3, isFile, new ArrowWriteOptions { Compression = compression, DictionaryDeltas = deltas });

        using var file = ArrowFile.Open(bytes);
        file.Validate();

        file.Schema.HasSameFieldsAs(schema).ShouldBeTrue();
        file.Schema.Metadata.ShouldBe(schema.Metadata);
        var expected = SampleColumns.Batches(schema, 3).ToList();
        file.BatchCount.ShouldBe(3);
        for (var b = 0; b < 3; b++)
        {
            for (var i = 0; i < schema.Fields.Count; i++)
                Canonical.Values(file.Batch(b).Column(i)).ToJsonString().ShouldBe(Canonical.Values(expected[b].Column(i)).ToJsonString(), $"{schema.Fields[i]}, batch {b}");
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Streams_the_same_batches_when_bytes_come_one_by_one(bool isFile, ArrowCompression compression, bool deltas)
    {
        Assert.SkipWhen(isFile, "files are not read as streams");
        var bytes = SampleColumns.Write(SampleColumns.Schema(SampleColumns.Names), 3, isFile, new ArrowWriteOptions { Compression = compression, DictionaryDeltas = deltas });
        using var whole = ArrowFile.Open(bytes);

        await using var reader = await ArrowStreamReader.OpenAsync(new TricklingStream(bytes));
        var read = 0;
        while (await reader.ReadAsync() is { } batch)
        {
            for (var i = 0; i < reader.Schema.Fields.Count; i++)
                Canonical.Values(batch.Column(i)).ToJsonString().ShouldBe(Canonical.Values(whole.Batch(read).Column(i)).ToJsonString());
            read++;
        }

        read.ShouldBe(3);
    }

    /// <summary>Hands out as little as a slow network.</summary>
    private sealed class TricklingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, 7)], cancellationToken);
    }
}
