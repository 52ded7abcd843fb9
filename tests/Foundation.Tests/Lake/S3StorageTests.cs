using EventMl.Arrow;
using EventMl.Lake;
using EventMl.Lake.S3;
using EventMl.Testing;

namespace EventMl.Foundation.Tests.Lake;

/// <summary>What is special about object stores.</summary>
public sealed class S3StorageTests : LakeSuite<ConditionalS3Lake>
{
    [Fact]
    public async Task Is_found_out_at_the_start_whether_the_store_honours_conditions()
    {
        ((S3Storage)UnderTest.Storage).HasConditionalPut.ShouldBeTrue();
        var (server, problem) = await S3Server.SharedAsync();
        if (server is null)
            Assert.Skip(problem);
        var options = new S3Options { Endpoint = server.Address, Bucket = S3Server.Bucket, Prefix = "probe", AccessKey = S3Server.Key, SecretKey = S3Server.Key };

        (await Should.ThrowAsync<LakeException>(() => S3Storage.ConnectAsync(options, ct: Ct))).Message.ShouldContain("ignores If-None-Match");
        (await Should.ThrowAsync<LakeException>(() => S3Storage.ConnectAsync(options with { Bucket = "nobody" }, ct: Ct))).Message.ShouldContain("The bucket 'nobody' does not exist");
        (await Should.ThrowAsync<LakeException>(() => S3Storage.ConnectAsync(options with { PartBytes = 100 }, ct: Ct))).Message.ShouldContain("5 MiB");
    }

    [Fact]
    public async Task Wins_when_only_the_answer_was_lost()
    {
        UnderTest.Server.LoseAnswers(1);

        (await UnderTest.Storage.TryCreateAsync("a", "mine"u8.ToArray(), Ct)).ShouldBeTrue();
        (await UnderTest.Storage.TryCreateAsync("a", "mine"u8.ToArray(), Ct)).ShouldBeFalse();
        UnderTest.Server.LoseAnswers(3);
        (await CreateAsync([1])).Version.ShouldBe(1);
        (await Lake.ListVersionsAsync(LakeKind.Dataset, "demo", Ct)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Fetches_only_the_bytes_of_the_columns_that_are_read()
    {
        const int columns = 20;
        const int rows = 50_000;
        var schema = new ArrowSchema([.. Enumerable.Range(0, columns).Select(i => new ArrowField($"c{i}", ArrowType.Of(ArrowKind.Float64))), new ArrowField("s", ArrowType.Of(ArrowKind.Utf8))]);
        var staging = Stage();
        using (var writer = ArrowFileWriter.Create(Path.Combine(staging, "a.arrow"), schema))
        {
            for (var batch = 0; batch < 4; batch++)
            {
                var builder = new RecordBatchBuilder(schema);
                for (var i = 0; i < columns; i++)
                    ((PrimitiveBuilder<double>)builder.Column(i)).Append([.. Enumerable.Range(batch * rows / 4, rows / 4).Select(r => (double)r + i)]);
                for (var r = 0; r < rows / 4; r++)
                    builder.Column<Utf8Builder>("s").Append($"row {(batch * rows / 4) + r}");
                writer.Write(builder.Build());
            }

            writer.Finish();
        }

        var version = await Lake.CommitAsync(LakeKind.Dataset, "wide", staging, Txn(), Ct);
        var reading = UnderTest.Open();
        var there = (await reading.GetAsync(LakeKind.Dataset, "wide", ct: Ct))!;
        var before = UnderTest.Server.BytesSent;
        double sum = 0;
        await foreach (var some in LakeReader.StreamAsync(there, ["c7"], Ct))
            sum += some.Batch.Column("c7").Values<double>().ToArray().Sum();

        sum.ShouldBe(Enumerable.Range(0, rows).Sum(r => r + 7.0));
        version.SizeBytes.ShouldBeGreaterThan(columns * rows * 8L);
        (UnderTest.Server.BytesSent - before).ShouldBeInRange(rows * 8L, (rows * 8L) + 200_000);
        before = UnderTest.Server.BytesSent;
        using (var reader = await LakeReader.OpenAsync(there, ["s", "c7"], Ct))
            reader.Batches().Last().Column<Utf8Column>("s").GetString((rows / 4) - 1).ShouldBe($"row {rows - 1}");
        (UnderTest.Server.BytesSent - before).ShouldBeLessThan(rows * 16L, "what was fetched once is not fetched again");
        (await Should.ThrowAsync<LakeException>(() => Task.Run(() => LakeReader.Open(there, "s"), Ct))).Message.ShouldContain("StreamAsync");
    }

    [Fact]
    public async Task Uploads_in_parts_when_a_file_is_large()
    {
        var large = At("large.bin");
        await File.WriteAllBytesAsync(large, new byte[40 << 20], Ct);

        await UnderTest.Storage.StoreAsync("x", large, Ct);

        UnderTest.Server.UploadsDone.ShouldBe(1);
        await UnderTest.Storage.ReadRangeAsync("x", (40 << 20) - 1, new byte[1], Ct);
    }

    [Fact]
    public async Task Gives_a_folder_with_the_files_when_a_model_is_fetched()
    {
        var staging = Stage();
        Directory.CreateDirectory(Path.Combine(staging, "logs"));
        await File.WriteAllTextAsync(Path.Combine(staging, "model.json"), "{}", Ct);
        await File.WriteAllTextAsync(Path.Combine(staging, "logs/a.csv"), "1", Ct);
        var model = await Lake.CommitAsync(LakeKind.Model, "net", staging, Txn(), Ct);

        model.Path.ShouldStartWith("s3://lake/team/a/models/net/data/");
        var folder = await UnderTest.Open().FetchAsync(model, Ct);
        (await File.ReadAllTextAsync(Path.Combine(folder, "logs/a.csv"), Ct)).ShouldBe("1");
        Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Length.ShouldBe(2);
        (await File.ReadAllTextAsync(Path.Combine(await Lake.MaterialiseAsync(model, At("in"), Ct), "model.json"), Ct)).ShouldBe("{}");
        Directory.Exists(staging).ShouldBeTrue();
        Directory.GetFiles(staging, "*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task Takes_a_writer_for_dead_when_its_lease_has_passed()
    {
        var clock = new StandingClock(TimeProvider.System.GetUtcNow());
        var options = new S3Options { Endpoint = UnderTest.Server.Address, Bucket = "lake", Prefix = "team/a", AccessKey = "k", SecretKey = "s", WriterLease = TimeSpan.FromSeconds(-5) };
        using var dying = await S3Storage.ConnectAsync(options, clock: clock, ct: Ct);
        await UnderTest.Storage.WriteAsync("t/_writers/dead.start", "{}"u8.ToArray(), Ct);
        await UnderTest.Storage.WriteAsync("t/_writers/dead.alive", "{}"u8.ToArray(), Ct);

        (await UnderTest.Storage.OldestWriterAsync("t", Ct)).ShouldNotBeNull();
        (await dying.OldestWriterAsync("t", Ct)).ShouldBeNull();
        (await UnderTest.Storage.OldestWriterAsync("t", Ct)).ShouldBeNull("its marks are gone");
    }

    [Fact]
    public async Task Commits_nothing_more_when_a_writer_was_silent_for_too_long()
    {
        var clock = new JumpingClock();
        var options = new S3Options { Endpoint = UnderTest.Server.Address, Bucket = "lake", Prefix = "team/a", AccessKey = "k", SecretKey = "s" };
        using var storage = await S3Storage.ConnectAsync(options, clock: clock, ct: Ct);
        await using var writer = await storage.AnnounceWriterAsync("t", Ct);
        writer.EnsureAlive();

        clock.Jump(TimeSpan.FromMinutes(6));

        Should.Throw<LakeException>(writer.EnsureAlive).Message.ShouldContain("could not report for 360 s");
    }

    private sealed class JumpingClock : TimeProvider
    {
        private long _ahead;

        public void Jump(TimeSpan time) => _ahead += (long)(time.TotalSeconds * TimestampFrequency);

        public override long GetTimestamp() => base.GetTimestamp() + _ahead;
    }
}

/// <summary>What a new column costs on the line to an object store.</summary>
public sealed class LakeColumnCostOnS3Tests : LakeColumnCostSuite<ConditionalS3Lake>
{
    private const long Kept = 8L * 8 * Rows;

    protected override void Moved(long written)
    {
        UnderTest.Server.BytesReceived.ShouldBeInRange(Kept + written, Kept + written + 200_000, "the dataset and its new column went there once");
        UnderTest.Server.BytesSent.ShouldBeInRange(2 * 8L * Rows, (2 * 8L * Rows) + 500_000, "only the two columns that the new one is made of came back");
    }
}
