using EventMl.Arrow;
using EventMl.Lake;

namespace EventMl.Foundation.Tests.Lake;

public sealed class LakeKeepingTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly StandingClock _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly LakeStore _lake;

    public LakeKeepingTests() => _lake = new LakeStore(new LakeOptions { Root = _folder.At("lake") }, _clock);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keeps_a_model_as_a_tree_when_it_is_committed()
    {
        var model = await CommitModelAsync();

        model.Uri.ShouldBe("lake://models/net@1");
        model.Files.Select(f => f.Path).ShouldBe(["logs/epochs.csv", "model.json", "weights.safetensors"]);
        (await File.ReadAllTextAsync(Path.Combine(model.Path, "model.json"), Ct)).ShouldBe("{}");
        model.SizeBytes.ShouldBe(7 + 2 + 5);
        (await _lake.VerifyAsync(model, Ct)).ShouldBeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Lays_out_a_version_when_a_script_needs_it(bool copy)
    {
        var lake = new LakeStore(new LakeOptions { Root = _folder.At("lake"), CopyOnMaterialise = copy }, _clock);
        var version = await lake.CommitAsync(LakeKind.Dataset, "demo", _folder.Stage([1], [2]), new LakeTransaction("t", "create", null), Ct);
        var model = await CommitModelAsync();

        var data = await lake.MaterialiseAsync(version, _folder.At("input/data"), Ct);
        var tree = await lake.MaterialiseAsync(model, _folder.At("input/model"), Ct);

        Directory.GetFiles(data).Select(Path.GetFileName).Order().ShouldBe(["part-00000.arrow", "part-00001.arrow"]);
        using (var file = ArrowFile.Open(Path.Combine(data, "part-00001.arrow")))
            file.Batch(0).Column("x").Values<long>()[0].ShouldBe(2);
        (await File.ReadAllTextAsync(Path.Combine(tree, "logs/epochs.csv"), Ct)).ShouldBe("1,0.5\n\n");
        if (copy)
        {
            File.SetAttributes(Path.Combine(data, "part-00000.arrow"), FileAttributes.Normal);
            await File.WriteAllTextAsync(Path.Combine(data, "part-00000.arrow"), "overwritten", Ct);
        }
        else if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(Path.Combine(data, "part-00000.arrow")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }

        (await lake.VerifyAsync(version, Ct)).ShouldBeTrue();
    }

    [Fact]
    public async Task Collects_only_what_no_version_needs_and_is_old_enough()
    {
        var version = await _lake.CommitAsync(LakeKind.Dataset, "demo", _folder.Stage([1]), new LakeTransaction("t", "create", null), Ct);
        var model = await CommitModelAsync();
        var orphan = _folder.At("lake/datasets/demo/data/orphan.arrow");
        var young = _folder.At("lake/datasets/demo/_versions/.tmp-young");
        foreach (var path in (string[])[orphan, young])
            await File.WriteAllTextAsync(path, "left over", Ct);
        File.SetLastWriteTimeUtc(orphan, _clock.Now.UtcDateTime.AddHours(-3));
        File.SetLastWriteTimeUtc(young, _clock.Now.UtcDateTime.AddMinutes(-5));

        (await _lake.CollectGarbageAsync(TimeSpan.FromHours(1), Ct)).ShouldBe(1);

        File.Exists(orphan).ShouldBeFalse();
        File.Exists(young).ShouldBeTrue();
        _clock.Now = _clock.Now.AddDays(2);
        (await _lake.CollectGarbageAsync(TimeSpan.FromHours(1), Ct)).ShouldBe(1);
        (await _lake.VerifyAsync(version, Ct)).ShouldBeTrue();
        (await _lake.VerifyAsync(model, Ct)).ShouldBeTrue();
    }

    [Fact]
    public async Task Is_gone_with_all_versions_when_it_is_purged()
    {
        await CommitModelAsync();

        (await _lake.PurgeAsync(LakeKind.Model, "net", Ct)).ShouldBeTrue();

        (await _lake.GetAsync(LakeKind.Model, "net", ct: Ct)).ShouldBeNull();
        (await _lake.PurgeAsync(LakeKind.Model, "net", Ct)).ShouldBeFalse();
    }

    [Fact]
    public async Task Lists_the_columns_there_are_when_another_is_asked_for()
    {
        var version = await _lake.CommitAsync(LakeKind.Dataset, "demo", _folder.Stage([1]), new LakeTransaction("t", "create", null), Ct);

        Should.Throw<LakeException>(() => LakeReader.Open(version, "y")).Message.ShouldBe("lake://datasets/demo@1 has no column y; it has x, s.");
        using var reader = LakeReader.Open(version, "s");
        reader.Batches().Single().Schema.Fields.Select(f => f.Name).ShouldBe(["s"]);
    }

    [Theory]
    [InlineData("lake://datasets/a@3", LakeKind.Dataset, "a", 3L)]
    [InlineData("lake://models/b.c", LakeKind.Model, "b.c", null)]
    public void Reads_a_reference_when_it_is_one(string uri, LakeKind kind, string name, long? version) =>
        LakeNames.ParseUri(uri).ShouldBe((kind, name, version));

    [Theory]
    [InlineData("datasets/a@3")]
    [InlineData("lake://datasets/a@b")]
    [InlineData("lake://datasets/a..b@1")]
    [InlineData("lake://datasets/a@99999999999999999999")]
    public void Refuses_a_reference_when_it_is_none(string uri) => Should.Throw<LakeException>(() => LakeNames.ParseUri(uri));

    public void Dispose() => _folder.Dispose();

    private async Task<LakeVersion> CommitModelAsync()
    {
        var staging = _folder.Stage();
        Directory.CreateDirectory(Path.Combine(staging, "logs"));
        await File.WriteAllTextAsync(Path.Combine(staging, "model.json"), "{}", Ct);
        await File.WriteAllTextAsync(Path.Combine(staging, "weights.safetensors"), "bytes", Ct);
        await File.WriteAllTextAsync(Path.Combine(staging, "logs/epochs.csv"), "1,0.5\n\n", Ct);
        return await _lake.CommitAsync(LakeKind.Model, "net", staging, new LakeTransaction("train-1", "train", null), Ct);
    }
}
