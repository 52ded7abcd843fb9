using System.Security.Cryptography;
using System.Text;
using EventMl.EventStore.Proof;

namespace EventMl.Foundation.Tests.EventStore.Proof;

/// <summary>The heads and where they are kept.</summary>
public sealed class AnchorTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Is_missing_when_its_file_was_removed_and_the_events_are_still_checked()
    {
        await using var ledger = await LedgerAsync();
        File.Delete(Files(ledger)[1]);

        var report = await ledger.VerifyAsync();

        report.Findings.ShouldHaveSingleItem().ShouldSatisfyAllConditions(f => f.Kind.ShouldBe(FindingKind.AnchorMissing), f => f.Position.ShouldBe(8));
        await ledger.AsSuperuserAsync("update ledger.mt_events set type = 'x' where seq_id = (select seq_id from ledger.eml_position where position = 7)");
        (await ledger.VerifyAsync()).FirstBadPosition.ShouldBe(7);
    }

    [Fact]
    public async Task Is_missing_when_the_last_files_and_their_roots_were_removed_but_the_ledger_tells_of_them()
    {
        await using var ledger = await LedgerAsync();
        File.Delete(Files(ledger)[2]);
        (await ledger.VerifyAsync()).Findings.ShouldHaveSingleItem().Kind.ShouldBe(FindingKind.AnchorMissing);
        await ledger.AsSuperuserAsync("delete from ledger.eml_root where size = 12");

        var report = await ledger.VerifyAsync();

        report.Findings.ShouldHaveSingleItem().ShouldSatisfyAllConditions(f => f.Kind.ShouldBe(FindingKind.AnchorMissing), f => f.Position.ShouldBe(9));
        report.AnchoredTo.ShouldBe(8);
    }

    [Theory]
    [InlineData("\"leaves\":[\"", "\"leaves\":[\"00", FindingKind.AnchorDamaged)]
    [InlineData("{", "", FindingKind.AnchorDamaged)]
    [InlineData("size 8", "size 9", FindingKind.AnchorDamaged)]
    [InlineData("\"key\":\"", "\"key\":\"0", FindingKind.BadSignature)]
    public async Task Is_found_when_its_file_was_changed(string before, string after, FindingKind kind)
    {
        await using var ledger = await LedgerAsync();
        var text = await File.ReadAllTextAsync(Files(ledger)[1], Ct);
        text.ShouldContain(before);
        // It is read-only, which keeps nobody who may write the folder from putting another in its place.
        var path = Files(ledger)[1];
        File.Delete(path);
        await File.WriteAllTextAsync(path, text.Replace(before, after, StringComparison.Ordinal), Ct);

        var report = await ledger.VerifyAsync();

        report.FirstBadPosition.ShouldBe(8);
        report.Findings.ShouldContain(f => f.Kind == kind);
    }

    [Fact]
    public async Task Is_found_when_somebody_signs_a_whole_new_history_with_a_key_of_his_own()
    {
        await using var ledger = await LedgerAsync();
        await using var other = await LedgerAsync();
        foreach (var (theirs, ours) in Files(other).Zip(Files(ledger)))
        {
            File.Delete(ours);
            File.Copy(theirs, ours);
        }

        var report = await ledger.VerifyAsync();

        report.Intact.ShouldBeFalse();
        report.AnchoredTo.ShouldBe(0);
        report.Findings.ShouldContain(f => f.Kind == FindingKind.BadSignature);
    }

    [Fact]
    public async Task Stays_trusted_when_the_key_was_changed_later()
    {
        await using var ledger = await LedgerAsync();
        var first = ledger.Key.Id;
        ledger.ReplaceKey();
        await ledger.AppendAsync(2);
        await ledger.AnchorAsync();

        var report = await ledger.VerifyAsync();

        report.Findings.ShouldBeEmpty();
        report.Keys.ShouldBe([first, ledger.Key.Id]);
    }

    [Fact]
    public async Task States_the_tail_that_is_not_anchored_and_still_finds_a_plain_change_there()
    {
        await using var ledger = await LedgerAsync();
        await ledger.AppendAsync(4);
        await ledger.SealAsync();
        await ledger.AppendAsync(2);

        (await ledger.VerifyAsync()).ShouldSatisfyAllConditions(
            r => r.Intact.ShouldBeTrue(), r => r.Events.ShouldBe(19), r => r.AnchoredTo.ShouldBe(12), r => r.NotAnchored.ShouldBe(7), r => r.AnchoredAt.ShouldNotBeNull());
        await ledger.AsSuperuserAsync("update ledger.mt_events set data = '{}' where seq_id = (select seq_id from ledger.eml_position where position = 16)");
        (await ledger.VerifyAsync()).Findings.ShouldHaveSingleItem().ShouldSatisfyAllConditions(f => f.Position.ShouldBe(16), f => f.Kind.ShouldBe(FindingKind.DataEdited));
        // Nobody can know this one: it happened before anything left the database, in the window that the report states.
        await Forger.RewriteAsync(ledger);
        (await ledger.VerifyAsync()).Intact.ShouldBeTrue();
    }

    [Fact]
    public async Task Can_be_checked_with_the_public_key_alone_when_its_text_is_taken_out()
    {
        await using var ledger = await LedgerAsync();
        var anchor = Anchor.Parse(await File.ReadAllBytesAsync(Files(ledger)[2], Ct));
        using var key = ECDsa.Create();
        key.ImportFromPem(ledger.PublicKey);

        key.VerifyData(Encoding.UTF8.GetBytes(anchor.Head.Text), anchor.SignedHead.Signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence).ShouldBeTrue();
        anchor.Head.Text.Split('\n')[..2].ShouldBe(["EventMl ledger head v1", "size 12"]);
        TreeHead.Parse(anchor.Head.Text).Text.ShouldBe(anchor.Head.Text);
    }

    [Fact]
    public async Task Proves_that_each_head_continues_the_one_before()
    {
        await using var ledger = await LedgerAsync();
        var anchors = Files(ledger).Select(f => Anchor.Parse(File.ReadAllBytes(f))).ToArray();
        var leaves = anchors.SelectMany(a => a.Leaves).ToArray();
        foreach (var anchor in anchors.Skip(1))
        {
            var path = MerkleProof.ConsistencyRanges(anchor.Head.PreviousSize, anchor.Head.Size).Select(r =>
            {
                var tree = new CompactRange();
                foreach (var leaf in leaves[(int)r.Start..(int)r.End])
                {
                    tree.Append(leaf);
                }

                return tree.Root();
            }).ToArray();
            MerkleProof.Extends(anchor.Head.PreviousSize, anchor.Head.PreviousRoot, anchor.Head.Size, anchor.Head.Root, path).ShouldBeTrue();
        }
    }

    [Fact]
    public void Key_is_refused_when_others_may_read_it_or_it_is_none()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "keys", "ledger.pem");
        using (var key = LedgerKey.OpenOrCreate(path))
        {
            File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.ReadAllText(LedgerKey.PublicPath(path)).ShouldNotContain("PRIVATE");
            using var again = LedgerKey.OpenOrCreate(path);
            again.Id.ShouldBe(key.Id);
        }

        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Should.Throw<LedgerKeyException>(() => LedgerKey.OpenOrCreate(path)).Message.ShouldContain("chmod 600");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(path, "hello");
        Should.Throw<LedgerKeyException>(() => LedgerKey.OpenOrCreate(path)).Message.ShouldContain("openssl genpkey");
        Should.Throw<LedgerKeyException>(() => TrustedKeys.Parse("hello"));
    }

    private static string[] Files(SealedLedger ledger) => [.. Directory.EnumerateFiles(ledger.AnchorFolder).Order(StringComparer.Ordinal)];

    // Heads over 3, 8 and 12; the last one tells of itself at 13.
    private static async Task<SealedLedger> LedgerAsync()
    {
        var ledger = await SealedLedger.CreateAsync();
        foreach (var count in (int[])[3, 4, 3])
        {
            await ledger.AppendAsync(count);
            await ledger.AnchorAsync();
        }

        return ledger;
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("eventml-key-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
