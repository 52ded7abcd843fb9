using EventMl.Lake;

namespace EventMl.Foundation.Tests.Lake;

/// <summary>What the lake relies on in whatever keeps its objects.</summary>
public abstract class LakeStorageSuite<TLake> : LakeSuite<TLake>
    where TLake : ILakeUnderTest, new()
{
    private ILakeStorage Storage => UnderTest.Storage;

    [Fact]
    public async Task Exactly_one_of_many_creates_an_object()
    {
        var created = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => Storage.TryCreateAsync("a/b.json", new[] { (byte)i }, Ct), Ct)));

        created.Count(c => c).ShouldBe(1);
        (await Storage.ReadAsync("a/b.json", Ct)).ShouldBe([(byte)Array.IndexOf(created, true)]);
        (await Storage.TryCreateAsync("a/b.json", (await Storage.ReadAsync("a/b.json", Ct))!, Ct)).ShouldBeFalse("the same bytes do not make it another's");
    }

    [Fact]
    public async Task Can_be_created_again_when_it_was_deleted()
    {
        await Storage.TryCreateAsync("a/b", "one"u8.ToArray(), Ct);
        await Storage.DeleteAsync("a/b", Ct);

        (await Storage.ReadAsync("a/b", Ct)).ShouldBeNull();
        (await Storage.TryCreateAsync("a/b", "two"u8.ToArray(), Ct)).ShouldBeTrue();
        await Storage.WriteAsync("a/b", "three"u8.ToArray(), Ct);
        (await Storage.ReadAsync("a/b", Ct)).ShouldBe("three"u8.ToArray());
        await Storage.DeleteAsync("never/there", Ct);
    }

    [Fact]
    public async Task Lists_in_ordinal_order_what_lies_below_a_folder()
    {
        string[] names = ["t/_versions/2.json", "t/_versions/10.json", "t/data/B/x", "t/data/a", "t/data/Z", "u/x", "tt/x", .. Enumerable.Range(0, 120).Select(i => $"t/many/{i:D3}")];
        foreach (var name in names)
            await Storage.WriteAsync(name, "12345"u8.ToArray(), Ct);

        var found = new List<LakeObject>();
        await foreach (var one in Storage.ListAsync("t", Ct))
            found.Add(one);

        found.Select(f => f.Path).ShouldBe(names.Where(n => n.StartsWith("t/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        found.ShouldAllBe(f => f.Bytes == 5);
        var now = await Storage.NowAsync(Ct);
        found.ShouldAllBe(f => f.Modified <= now.AddSeconds(2) && f.Modified > now.AddMinutes(-5));
        (await Storage.ListFoldersAsync("t", Ct)).Order(StringComparer.Ordinal).ShouldBe(["_versions", "data", "many"]);
        (await Storage.ListFoldersAsync("nothing", Ct)).ShouldBeEmpty();
        await foreach (var one in Storage.ListAsync("never/there", Ct))
            throw new InvalidOperationException(one.Path);
    }

    [Fact]
    public async Task Lists_what_is_there_while_others_write_and_delete()
    {
        await Storage.WriteAsync("t/stays", "x"u8.ToArray(), Ct);
        var busy = Task.Run(async () =>
        {
            for (var i = 0; i < 60; i++)
            {
                await Storage.WriteAsync($"t/comes/and/goes/{i % 3}", "x"u8.ToArray(), Ct);
                await Storage.DeleteAsync($"t/comes/and/goes/{i % 3}", Ct);
                await using var writer = await Storage.AnnounceWriterAsync("t/comes", Ct);
            }
        }, Ct);

        do
        {
            var found = new List<string>();
            await foreach (var one in Storage.ListAsync("t", Ct))
                found.Add(one.Path);
            found.ShouldContain("t/stays");
            _ = await Storage.ListFoldersAsync("t/comes", Ct);
            _ = await Storage.OldestWriterAsync("t/comes", Ct);
        }
        while (!busy.IsCompleted);

        await busy;
        (await Storage.ListFoldersAsync("t", Ct)).ShouldNotContain("goes");
    }

    [Fact]
    public async Task Gives_back_a_large_file_whole_and_in_ranges()
    {
        var content = new byte[(20 << 20) + 12345];
        new Random(7).NextBytes(content);
        Directory.CreateDirectory(At("large"));
        await File.WriteAllBytesAsync(At("large/file"), content, Ct);

        await Storage.StoreAsync("t/data/large", At("large/file"), Ct);

        using var copy = new MemoryStream();
        await using (var stream = await Storage.OpenAsync("t/data/large", Ct))
            await stream.CopyToAsync(copy, Ct);
        copy.ToArray().AsSpan().SequenceEqual(content).ShouldBeTrue();
        var range = new byte[1000];
        await Storage.ReadRangeAsync("t/data/large", 17 << 20, range, Ct);
        range.ShouldBe(content.AsSpan(17 << 20, 1000).ToArray());
        await Should.ThrowAsync<LakeException>(() => Storage.ReadRangeAsync("t/data/large", content.Length - 10, range, Ct));
        (await Should.ThrowAsync<LakeException>(() => Storage.OpenAsync("t/data/none", Ct))).Message.ShouldContain("t/data/none is missing");
        (await Should.ThrowAsync<LakeException>(() => Storage.ReadRangeAsync("t/data/none", 0, range, Ct))).Message.ShouldContain("is missing");
    }

    [Fact]
    public async Task Knows_since_when_somebody_writes()
    {
        (await Storage.OldestWriterAsync("t", Ct)).ShouldBeNull();
        var first = await Storage.AnnounceWriterAsync("t", Ct);
        await using var second = await Storage.AnnounceWriterAsync("t", Ct);
        await Storage.WriteAsync("t/data/x", "x"u8.ToArray(), Ct);

        var since = (await Storage.OldestWriterAsync("t", Ct))!.Value;
        await foreach (var one in Storage.ListAsync("t/data", Ct))
            since.ShouldBeLessThanOrEqualTo(one.Modified.AddSeconds(1));
        (await Storage.OldestWriterAsync("u", Ct)).ShouldBeNull();
        await first.DisposeAsync();
        (await Storage.OldestWriterAsync("t", Ct)).ShouldNotBeNull();
        await second.DisposeAsync();
        (await Storage.OldestWriterAsync("t", Ct)).ShouldBeNull();
    }
}
