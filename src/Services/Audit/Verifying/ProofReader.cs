using EventMl.EventStore;
using EventMl.EventStore.Proof;

namespace EventMl.Audit.Verifying;

/// <summary>Asks the ledger for its evidence.</summary>
internal sealed class ProofReader(Ledger ledger, IAnchorStore anchors, NotaryOptions options)
{
    /// <summary>Compares the whole ledger with what was signed.</summary>
    public async Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken)
    {
        using var keys = TrustedKeys.Parse(await PublicKeyAsync(cancellationToken));
        await using var evidence = await LedgerEvidence.OpenAsync(ledger, anchors, cancellationToken);
        return await new LedgerVerifier(evidence, keys).VerifyAsync(cancellationToken);
    }

    /// <summary>The proof of one event; null when it is not anchored yet.</summary>
    public async Task<InclusionProof?> ProveAsync(long position, CancellationToken cancellationToken)
    {
        await using var evidence = await LedgerEvidence.OpenAsync(ledger, anchors, cancellationToken);
        return await InclusionProof.MakeAsync(evidence, position, await PublicKeyAsync(cancellationToken), cancellationToken);
    }

    /// <summary>The ledger as an archive in a temporary file that is gone once it is closed.</summary>
    public async Task<Stream> ExportAsync(CancellationToken cancellationToken)
    {
        var path = Path.Combine(Path.GetTempPath(), $"eventml-export-{Contracts.Ids.New():N}.zip");
        var create = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
        {
            create.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var file = new FileStream(path, create);
        try
        {
            await using var evidence = await LedgerEvidence.OpenAsync(ledger, anchors, cancellationToken);
            await LedgerArchive.WriteAsync(evidence, await PublicKeyAsync(cancellationToken), file, cancellationToken);
            file.Position = 0;
            return file;
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    private async Task<string> PublicKeyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllTextAsync(LedgerKey.PublicPath(options.KeyPath), cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LedgerKeyException($"The ledger's public key cannot be read: {e.Message} Run the host once with --declare, or correct EVENTML_LEDGER_KEY.", e);
        }
    }
}
