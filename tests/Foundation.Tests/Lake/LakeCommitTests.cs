using System.Text.RegularExpressions;
using EventMl.Arrow;
using EventMl.Lake;
using EventMl.Lake.Storage;

namespace EventMl.Foundation.Tests.Lake;

public sealed class LakeCommitTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly StandingClock _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly LakeStore _lake;

    public LakeCommitTests() => _lake = new LakeStore(new LakeOptions { Root = _folder.At("lake") }, _clock);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Gives_versions_that_stay_readable_when_newer_ones_are_committed()
    {
        var first = await CommitAsync("t1", [1, 2], [3]);
        var second = await CommitAsync("t2", [7]);

        first.Version.ShouldBe(1);
        first.Uri.ShouldBe("lake://datasets/demo@1");
        first.NumRows.ShouldBe(3);
        first.CreatedAt.ShouldBe(_clock.Now);
        first.TransactionId.ShouldBe("t1");
        first.Fields.Select(f => (f.Name, f.Type, f.Nullable)).ShouldBe([("x", "int64", false), ("s", "string", true)]);
        Values(first).ShouldBe([1, 2, 3]);
        Values(second).ShouldBe([7]);
        (await _lake.GetAsync(LakeKind.Dataset, "demo", ct: Ct))!.Id.ShouldBe(second.Id);
        (await _lake.GetAsync(LakeKind.Dataset, "demo", 1, Ct))!.Id.ShouldBe(first.Id);
        (await _lake.GetAsync(LakeKind.Dataset, "demo", 9, Ct)).ShouldBeNull();
        (await _lake.GetAsync(LakeKind.Dataset, "nobody", ct: Ct)).ShouldBeNull();
        (await _lake.ListVersionsAsync(LakeKind.Dataset, "demo", Ct)).Select(v => v.Version).ShouldBe([2, 1]);
        (await _lake.VerifyAsync(first, Ct)).ShouldBeTrue();
    }

    [Fact]
    public async Task Keeps_the_earlier_rows_and_numbers_new_ones_on_when_appending()
    {
        await CommitAsync("t1", [1, 2]);
        var second = await _lake.CommitAsync(LakeKind.Dataset, "demo", _folder.Stage([3]), new LakeTransaction("t2", LakeTransaction.Append, null), Ct);

        Values(second).ShouldBe([1, 2, 3]);
        second.NumRows.ShouldBe(3);
        (await File.ReadAllTextAsync(ManifestPath(2), Ct)).ShouldContain("\"rowIdBase\": 2");
    }

    [Fact]
    public async Task All_writers_get_their_own_version_when_they_race()
    {
        const int writers = 12;
        var staged = Enumerable.Range(0, writers).Select(i => _folder.Stage([i])).ToArray();

        var versions = await Task.WhenAll(Enumerable.Range(0, writers).Select(i => Task.Run(
            () => new LakeStore(new LakeOptions { Root = _folder.At("lake") }).CommitAsync(LakeKind.Dataset, "demo", staged[i], new LakeTransaction($"t{i}", LakeTransaction.Append, null), Ct), Ct)));

        versions.Select(v => v.Version).Order().ShouldBe(Enumerable.Range(1, writers).Select(i => (long)i));
        Values(versions.MaxBy(v => v.Version)!).Order().ShouldBe(Enumerable.Range(0, writers).Select(i => (long)i));
    }

    [Fact]
    public async Task One_version_comes_out_when_the_same_transaction_runs_twice_at_once()
    {
        var staged = Enumerable.Range(0, 6).Select(_ => _folder.Stage([1, 2])).ToArray();

        var versions = await Task.WhenAll(staged.Select(s => Task.Run(() => _lake.CommitAsync(LakeKind.Dataset, "demo", s, new LakeTransaction("same", "create", null), Ct), Ct)));

        versions.Select(v => v.Id).Distinct().Count().ShouldBe(1);
        (await _lake.ListVersionsAsync(LakeKind.Dataset, "demo", Ct)).Count.ShouldBe(1);
    }

    public static TheoryData<string> Steps => [.. Enum.GetNames<CommitStep>()];

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task The_last_version_stays_whole_and_a_retry_commits_once_when_a_commit_dies(string stepName)
    {
        var step = Enum.Parse<CommitStep>(stepName);
        var before = await CommitAsync("t1", [1]);
        var staging = _folder.Stage([10, 11], [12]);
        var dying = new LakeStore(new LakeOptions { Root = _folder.At("lake") }, _clock) { Reached = s => { if (s == step) throw new IOException("killed"); } };
        var txn = new LakeTransaction("t2", "ingest", "tester");

        await Should.ThrowAsync<IOException>(() => dying.CommitAsync(LakeKind.Dataset, "demo", staging, txn, Ct));

        var latest = (await _lake.GetAsync(LakeKind.Dataset, "demo", ct: Ct))!;
        (await _lake.VerifyAsync(latest, Ct)).ShouldBeTrue();
        Values(latest).ShouldBe(step < CommitStep.Published ? [1] : [10, 11, 12]);
        latest.Version.ShouldBe(step < CommitStep.Published ? 1 : 2);

        var retried = await _lake.CommitAsync(LakeKind.Dataset, "demo", staging, txn, Ct);

        retried.Version.ShouldBe(2);
        Values(retried).ShouldBe([10, 11, 12]);
        (await _lake.ListVersionsAsync(LakeKind.Dataset, "demo", Ct)).Count.ShouldBe(2);
        (await _lake.VerifyAsync(before, Ct)).ShouldBeTrue();
    }

    [Fact]
    public async Task Gives_the_same_version_back_when_a_transaction_is_repeated_without_its_staging_folder()
    {
        var first = await CommitAsync("t1", [1]);

        var again = await _lake.CommitAsync(LakeKind.Dataset, "demo", _folder.At("gone"), new LakeTransaction("t1", "create", null), Ct);

        again.Id.ShouldBe(first.Id);
        (await _lake.FindByTransactionAsync(LakeKind.Dataset, "demo", "t1", Ct))!.Id.ShouldBe(first.Id);
        (await _lake.FindByTransactionAsync(LakeKind.Dataset, "demo", "t9", Ct)).ShouldBeNull();
    }

    [Fact]
    public async Task Refuses_with_both_schemas_when_files_differ()
    {
        var staging = _folder.Stage([1]);
        var other = new ArrowSchema([new ArrowField("x", ArrowType.Of(ArrowKind.Int64)), new ArrowField("s", ArrowType.Of(ArrowKind.Utf8))]);
        TestFolder.WriteArrow(Path.Combine(staging, "zz.arrow"), other, 1);

        (await RefusalAsync(staging)).ShouldContain("zz.arrow has the columns (x: int64, s: string); part-00000.arrow has (x: int64 not null, s: string)");
    }

    [Fact]
    public async Task Refuses_the_whole_commit_when_one_file_is_cut_off()
    {
        var staging = _folder.Stage([1], [2]);
        var path = Path.Combine(staging, "part-00001.arrow");
        await File.WriteAllBytesAsync(path, (await File.ReadAllBytesAsync(path, Ct))[..^20], Ct);

        (await RefusalAsync(staging)).ShouldContain("part-00001.arrow cannot become part of a dataset");
        (await _lake.GetAsync(LakeKind.Dataset, "demo", ct: Ct)).ShouldBeNull();
    }

    [Fact]
    public async Task Refuses_when_a_staged_file_is_a_symbolic_link()
    {
        var staging = _folder.Stage([1]);
        File.CreateSymbolicLink(Path.Combine(staging, "zz.arrow"), Path.Combine(_folder.Stage([2]), "part-00000.arrow"));

        (await RefusalAsync(staging)).ShouldContain("symbolic link");
    }

    [Fact]
    public async Task Says_what_to_do_when_the_staging_folder_is_empty() => (await RefusalAsync(_folder.Stage())).ShouldContain("no *.arrow file");

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData("a..b")]
    [InlineData("/etc")]
    [InlineData(".hidden")]
    [InlineData("a\nb")]
    [InlineData("ä")]
    public async Task Refuses_a_name_when_it_could_leave_the_lake(string name) =>
        (await Should.ThrowAsync<LakeException>(() => _lake.GetAsync(LakeKind.Dataset, name, ct: Ct))).Message.ShouldContain("is not a name");

    [Fact]
    public async Task Names_the_file_when_a_manifest_is_damaged()
    {
        await CommitAsync("t1", [1]);
        Unlock(ManifestPath(1));
        await File.WriteAllTextAsync(ManifestPath(1), "{ \"format\": 1, ", Ct);

        var error = await Should.ThrowAsync<LakeException>(() => _lake.GetAsync(LakeKind.Dataset, "demo", ct: Ct));
        error.Message.ShouldContain(ManifestPath(1));
        error.Message.ShouldContain("is damaged");
    }

    [Fact]
    public async Task Says_so_when_a_data_file_was_changed()
    {
        var version = await CommitAsync("t1", [1]);
        var path = Path.Combine(version.Path, version.Files[0].Path);
        Unlock(path);
        var bytes = await File.ReadAllBytesAsync(path, Ct);
        bytes[^100] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Ct);

        (await _lake.VerifyAsync(version, Ct)).ShouldBeFalse();
    }

    [Fact]
    public async Task Writes_the_manifest_that_is_agreed_on_when_a_dataset_is_committed()
    {
        var txn = new LakeTransaction("ingest-1", "ingest", "ada") { Metadata = new Dictionary<string, string> { ["source"] = "golden" } };
        var version = await _lake.CommitAsync(LakeKind.Dataset, "demo", _folder.Stage([1, 2], [3]), txn, Ct);

        // What must never be used twice is drawn by lot.
        var manifest = Regex.Replace(await File.ReadAllTextAsync(ManifestPath(1), Ct), @"-[0-9a-f]{8}\.arrow|(?<=""root"": "")sha256:[0-9a-f]{64}", m => m.Value[0] == '-' ? ".arrow" : "", RegexOptions.None, TimeSpan.FromSeconds(1));
        var golden = Path.Combine(Arrow.NodePeer.RepositoryRoot, "tests/Foundation.Tests/fixtures/lake/manifest.json");
        if (Environment.GetEnvironmentVariable("EVENTML_UPDATE_GOLDEN") == "1")
            await File.WriteAllTextAsync(golden, manifest, Ct);
        manifest.ShouldBe(await File.ReadAllTextAsync(golden, Ct));
        version.Metadata["source"].ShouldBe("golden");
    }

    public void Dispose() => _folder.Dispose();

    private string ManifestPath(long version) => _folder.At($"lake/datasets/demo/_versions/{ulong.MaxValue - (ulong)version:D20}.json");

    private static void Unlock(string path) => File.SetAttributes(path, FileAttributes.Normal);

    private Task<LakeVersion> CommitAsync(string txn, params long[][] files) =>
        _lake.CommitAsync(LakeKind.Dataset, "demo", _folder.Stage(files), new LakeTransaction(txn, "create", null), Ct);

    private async Task<string> RefusalAsync(string staging) =>
        (await Should.ThrowAsync<LakeException>(() => _lake.CommitAsync(LakeKind.Dataset, "demo", staging, new LakeTransaction("t", "create", null), Ct))).Message;

    private static List<long> Values(LakeVersion version)
    {
        using var reader = LakeReader.Open(version, "x");
        return [.. reader.Batches().SelectMany(b => b.Column("x").Values<long>().ToArray())];
    }
}
