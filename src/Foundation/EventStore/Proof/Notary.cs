using Microsoft.Extensions.Logging;

namespace EventMl.EventStore.Proof;

/// <summary>Seals the ledger behind the sequencer: leaves soon, signed and anchored heads now and then. Appends never wait for it.</summary>
internal sealed class Notary(Ledger ledger, LedgerOptions options, NotaryOptions notary, IAnchorStore anchors, ILogger<Notary> logger)
    : LeaderService(ledger.DataSource, options, LeaseName, logger)
{
    public const string LeaseName = "notary";

    private string? _refused;

    protected override async Task LeadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await SealAsync(cancellationToken);
        }
        catch (Exception e) when (e is ProofBrokenException or LedgerKeyException)
        {
            if (_refused != e.Message)
            {
                logger.LogCritical(e, "notary: nothing is signed until this is clear: {Problem} See docs/ledger.md and run: eventml audit verify", e.Message);
                _refused = e.Message;
            }

            await Task.Delay(notary.RefusalInterval, TimeProvider.System, cancellationToken);
        }
    }

    private async Task SealAsync(CancellationToken cancellationToken)
    {
        using var key = LedgerKey.OpenOrCreate(notary.KeyPath);
        using var trusted = TrustedKeys.Parse(await File.ReadAllTextAsync(LedgerKey.PublicPath(notary.KeyPath), cancellationToken));
        if (await new Recovery(ledger, anchors, trusted, Lease.Epoch).RunAsync(cancellationToken) is not { } recovered)
        {
            return;
        }

        _refused = null;
        var sealing = new Sealing(ledger, notary, anchors, key, Lease.Epoch, Options.BatchSize, recovered);
        while (Lease.IsHeld && !cancellationToken.IsCancellationRequested)
        {
            switch (await sealing.StepAsync(cancellationToken))
            {
                case SealStep.Refused:
                    return;
                case SealStep.Idle:
                    // Batches of what came meanwhile, so that a busy ledger pays two small commits a second for its leaves.
                    await Task.Delay(notary.PollInterval, TimeProvider.System, cancellationToken);
                    break;
            }
        }
    }
}
