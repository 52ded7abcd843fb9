using EventMl.Contracts;
using EventMl.EventStore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EventMl.Bus;

/// <summary>Writes denials into the ledger, away from whoever was denied.</summary>
internal sealed class DenialRecorder(Ledger ledger, DenialLog denials, ILogger<DenialRecorder> log) : BackgroundService
{
    private static readonly TimeSpan LastLimit = TimeSpan.FromSeconds(5);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var limit = new CancellationTokenSource(LastLimit);
        await RecordAsync(all: true, limit.Token);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await ((Task)denials.WaitAsync(stoppingToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stoppingToken.IsCancellationRequested)
            {
                await RecordAsync(all: false, stoppingToken);
            }
        }
    }

    private async Task RecordAsync(bool all, CancellationToken cancellationToken)
    {
        using var area = AreaScope.Enter(AccessStreams.Area);
        foreach (var telling in denials.Due(all))
        {
            try
            {
                var id = Ids.New().ToString("D");
                await ledger.AppendAsync(telling.StreamId, AccessStreams.Denial, telling.Version, telling.Events, new EventMetadata(telling.Principal, Doors.Worker, id, id, null), cancellationToken);
                denials.Told(telling);
            }
            catch (LedgerConflictException)
            {
                // Nobody else writes this stream: it was committed before, and only the answer was lost.
                denials.Told(telling);
            }
            catch (Exception e)
            {
                // Kept in memory and told later; a database that is away must not end the process.
                log.LogWarning("Denials cannot be recorded ({Reason}); they are kept and recorded later", e.Message);
                return;
            }
        }
    }
}
