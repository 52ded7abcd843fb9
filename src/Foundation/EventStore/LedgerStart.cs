using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EventMl.EventStore;

/// <summary>Stops a host that could not work before it takes any request.</summary>
internal sealed class LedgerStart(Ledger ledger, LedgerOptions options, ILogger<LedgerStart> log) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        LedgerServices.Validate(options);
        if (!await IsDeclaredAsync(cancellationToken))
        {
            throw new LedgerSchemaException($"The tables of this build are not in schema '{options.Schema}'; run the host once with --declare.");
        }
    }

    private async Task<bool> IsDeclaredAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await ledger.AwaitDatabaseAsync(() => LedgerSchema.IsDeclaredAsync(ledger.DataSource, options, cancellationToken), log, cancellationToken);
        }
        catch (NpgsqlException e)
        {
            var address = new NpgsqlConnectionStringBuilder(options.ConnectionString);
            throw new LedgerSchemaException(
                $"PostgreSQL at {address.Host}:{address.Port} cannot be used: {e.Message} Start the servers with ./eventml up, or correct EVENTML_POSTGRES.", e);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
