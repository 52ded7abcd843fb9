using System.IO.Compression;
using System.Text;
using EventMl.EventStore.Proof;

namespace EventMl.Foundation.Tests.EventStore.Proof;

/// <summary>What an export shows without any server.</summary>
public sealed class ArchiveTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"eventml-archive-{Contracts.Ids.New():N}.zip");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task Says_the_same_as_the_servers_when_nobody_touched_anything()
    {
        await using var ledger = await LedgerAsync();
        await ExportAsync(ledger);

        var report = await VerifyAsync(ledger.PublicKey);

        report.ShouldBeEquivalentTo(await ledger.VerifyAsync());
        report.Intact.ShouldBeTrue();
        report.AnchoredTo.ShouldBe(10);
        report.NotAnchored.ShouldBe(3);
    }

    [Fact]
    public async Task Finds_what_was_changed_before_the_export_when_every_side_table_was_written_anew()
    {
        await using var ledger = await LedgerAsync();
        await ledger.AsSuperuserAsync("update ledger.mt_events set data = jsonb_set(data, '{Amount}', '999') where seq_id = (select seq_id from ledger.eml_position where position = 8)");
        await Forger.RewriteAsync(ledger);
        await ExportAsync(ledger);

        var report = await VerifyAsync(ledger.PublicKey);

        report.FirstBadPosition.ShouldBe(8);
        report.Findings[0].Kind.ShouldBe(FindingKind.EventReplaced);
    }

    [Fact]
    public async Task Finds_what_was_changed_in_the_export_itself()
    {
        await using var ledger = await LedgerAsync();
        await ExportAsync(ledger);
        await EditAsync("events.ndjson", lines => [.. lines.Select((l, i) => i == 2 ? l.Replace("\\\"Amount\\\": ", "\\\"Amount\\\": 9", StringComparison.Ordinal) : l)]);

        var report = await VerifyAsync(ledger.PublicKey);

        report.FirstBadPosition.ShouldBe(3);
        report.Findings.ShouldHaveSingleItem().Kind.ShouldBe(FindingKind.DataEdited);
    }

    [Fact]
    public async Task Finds_lines_that_were_taken_out_or_swapped()
    {
        await using var ledger = await LedgerAsync();
        await ExportAsync(ledger);
        await EditAsync("events.ndjson", lines => [.. lines.Where((_, i) => i != 3)]);
        (await VerifyAsync(ledger.PublicKey)).ShouldSatisfyAllConditions(r => r.FirstBadPosition.ShouldBe(4), r => r.Findings[0].Kind.ShouldBe(FindingKind.EventDeleted));

        await ExportAsync(ledger);
        await EditAsync("events.ndjson", lines => [.. lines.Take(6)]);
        await EditAsync("leaves.ndjson", lines => [.. lines.Take(6)]);
        (await VerifyAsync(ledger.PublicKey)).ShouldSatisfyAllConditions(r => r.FirstBadPosition.ShouldBe(7), r => r.Findings[0].Kind.ShouldBe(FindingKind.TailTruncated));

        await ExportAsync(ledger);
        await EditAsync("events.ndjson", lines => [lines[1], lines[0], .. lines.Skip(2)]);
        (await VerifyAsync(ledger.PublicKey)).ShouldSatisfyAllConditions(r => r.FirstBadPosition.ShouldBe(1), r => r.Intact.ShouldBeFalse());
    }

    [Fact]
    public async Task Refuses_every_signature_when_the_key_is_another_ones()
    {
        await using var ledger = await LedgerAsync();
        await using var other = await LedgerAsync();
        await ExportAsync(ledger);

        var report = await VerifyAsync(other.PublicKey);

        report.Intact.ShouldBeFalse();
        report.AnchoredTo.ShouldBe(0);
        report.Findings.ShouldContain(f => f.Kind == FindingKind.BadSignature && f.Position == 5);
    }

    [Theory]
    [InlineData("{\"position\": \"x\"}")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[")]
    public async Task Says_which_line_cannot_be_read_when_the_export_is_damaged(string line)
    {
        await using var ledger = await LedgerAsync();
        await ExportAsync(ledger);
        await EditAsync("leaves.ndjson", lines => [lines[0], line, .. lines.Skip(1)]);

        var problem = await Should.ThrowAsync<FormatException>(() => VerifyAsync(ledger.PublicKey));

        problem.Message.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Is_no_export_when_the_file_is_something_else()
    {
        await File.WriteAllTextAsync(_path, "hello", Ct);
        Should.Throw<FormatException>(() => ArchiveEvidence.Open(_path)).Message.ShouldContain("not a ZIP");
        File.Delete(_path);
        using (var zip = ZipFile.Open(_path, ZipArchiveMode.Create))
        {
            zip.CreateEntry("x");
        }

        Should.Throw<FormatException>(() => ArchiveEvidence.Open(_path)).Message.ShouldContain("eventml audit export");
    }

    [Fact]
    public async Task Refuses_a_line_when_it_is_longer_than_any_event()
    {
        var reader = new LineReader(new MemoryStream(new byte[1 << 20]), limit: 1 << 18);

        (await Should.ThrowAsync<FormatException>(() => reader.ReadAsync(Ct))).Message.ShouldContain("longer than");
    }

    [Fact]
    public async Task Proves_one_event_without_the_rest_when_it_is_anchored()
    {
        await using var ledger = await LedgerAsync();
        await using var evidence = await LedgerEvidence.OpenAsync(ledger.Db.Ledger, ledger.Anchors, Ct);
        using var keys = TrustedKeys.Parse(ledger.PublicKey);
        for (var position = 1; position <= 10; position++)
        {
            var proof = InclusionProof.Parse((await InclusionProof.MakeAsync(evidence, position, ledger.PublicKey, Ct)).ShouldNotBeNull().ToJson());
            proof.Row.Position.ShouldBe(position);
            proof.Check(keys).ShouldBeEmpty();
            (proof with { Row = proof.Row with { Data = "{}" } }).Check(keys).ShouldHaveSingleItem().Kind.ShouldBe(FindingKind.DataEdited);
            (proof with { Row = proof.Row with { Facts = proof.Row.Facts! with { Type = "other" } } }).Check(keys).ShouldContain(f => f.Kind == FindingKind.EventReplaced);
            (proof with { SignedHead = proof.SignedHead with { Signature = [1, 2, 3] } }).Check(keys).ShouldContain(f => f.Kind == FindingKind.BadSignature);
        }

        (await InclusionProof.MakeAsync(evidence, 11, ledger.PublicKey, Ct)).ShouldBeNull();
        (await InclusionProof.MakeAsync(evidence, 0, ledger.PublicKey, Ct)).ShouldBeNull();
        Should.Throw<FormatException>(() => InclusionProof.Parse("{}"));
        Should.Throw<FormatException>(() => InclusionProof.Parse("hello"));
    }

    // An anchor over 1-5 tells of itself at 6, one over 1-10 at 11; 12 and 13 are sealed, but not anchored.
    private static async Task<SealedLedger> LedgerAsync()
    {
        var ledger = await SealedLedger.CreateAsync();
        await ledger.AppendAsync(5);
        await ledger.AnchorAsync();
        await ledger.AppendAsync(4);
        await ledger.AnchorAsync();
        await ledger.AppendAsync(2);
        await ledger.SealAsync();
        return ledger;
    }

    private async Task ExportAsync(SealedLedger ledger)
    {
        await using var evidence = await LedgerEvidence.OpenAsync(ledger.Db.Ledger, ledger.Anchors, Ct);
        await using var file = File.Create(_path);
        await LedgerArchive.WriteAsync(evidence, ledger.PublicKey, file, Ct);
    }

    private async Task<VerificationReport> VerifyAsync(string publicKey)
    {
        using var evidence = ArchiveEvidence.Open(_path);
        using var keys = TrustedKeys.Parse(publicKey);
        return await new LedgerVerifier(evidence, keys).VerifyAsync(Ct);
    }

    private async Task EditAsync(string name, Func<string[], string[]> edit)
    {
        await using var zip = await ZipFile.OpenAsync(_path, ZipArchiveMode.Update, Ct);
        var entry = zip.GetEntry(name)!;
        string[] lines;
        using (var reader = new StreamReader(await entry.OpenAsync(Ct)))
        {
            lines = (await reader.ReadToEndAsync(Ct)).TrimEnd('\n').Split('\n');
        }

        entry.Delete();
        await using var written = await zip.CreateEntry(name).OpenAsync(Ct);
        await written.WriteAsync(Encoding.UTF8.GetBytes(string.Join('\n', edit(lines)) + "\n"), Ct);
    }
}
