using System.Diagnostics;
using EventMl.Contracts;
using EventMl.EventStore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;

namespace EventMl.Bus;

/// <summary>Runs a command's handler in one ledger transaction; every door ends here.</summary>
public sealed class CommandDoor
{
    private readonly Ledger _ledger;
    private readonly IServiceScopeFactory _scopes;
    private readonly CommandRoutes _routes;
    private readonly RefusalLimiter _limiter;
    private readonly DenialLog _denials;

    internal CommandDoor(Ledger ledger, IServiceScopeFactory scopes, CommandRoutes routes, RefusalLimiter limiter, DenialLog denials)
    {
        _ledger = ledger;
        _scopes = scopes;
        _routes = routes;
        _limiter = limiter;
        _denials = denials;
    }

    /// <summary>Decides one command of a caller who may give it; begins again when another writer was first. On the bus a repeated message changes nothing and a refusal becomes an event.</summary>
    /// <exception cref="LedgerConflictException">Others were first eight times in a row.</exception>
    /// <exception cref="MissingIdentityException">A bus command without any identity.</exception>
    public async Task<CommandResult> ExecuteAsync<TCommand>(TCommand command, DoorCall call, CancellationToken cancellationToken = default)
        where TCommand : class
    {
        var route = _routes.Find<TCommand>();
        var metadata = Metadata(call);
        using var area = AreaScope.Enter(route.Area);
        await using var scope = _scopes.CreateAsyncScope();
        var handler = scope.ServiceProvider.GetRequiredService<ICommandHandler<TCommand>>();
        try
        {
            if (call.Grant.Check(route.Rule) is { } forbidden)
            {
                _denials.Note(call.Grant, route.Rule, typeof(TCommand).Name, call.Door);
                throw new RolledBack(CommandResult.Refused(forbidden));
            }

            return await _ledger.InTransactionAsync(
                async transaction =>
                {
                    if (!await RememberAsync(transaction, route, call, cancellationToken))
                    {
                        return CommandResult.AlreadyHandled;
                    }

                    var result = await handler.HandleAsync(command, Context(transaction), cancellationToken);
                    if (result.Refusal is not { } refusal)
                    {
                        return result;
                    }

                    if (refusal.Code == ErrorCodes.Forbidden)
                    {
                        // What a command's own rule leaves open and its handler forbids is for admins.
                        _denials.Note(call.Grant, new AccessRule(Role.Admin, route.Area), typeof(TCommand).Name, call.Door);
                    }

                    throw new RolledBack(result);
                },
                cancellationToken);
        }
        catch (RolledBack refused) when (call.Door == Doors.Bus)
        {
            await _ledger.InTransactionAsync(
                async transaction =>
                {
                    var refusal = refused.Result.Refusal!;
                    if (await RememberAsync(transaction, route, call, cancellationToken)
                        && handler.Reject(command, refusal, Context(transaction)) is { } rejected
                        && _limiter.TryTake(metadata.Actor, refusal.Code))
                    {
                        var category = $"{route.Category}_refusal";
                        await transaction.AppendAsync($"{category}-{call.MessageId ?? Ids.New():D}", category, 0, [rejected], metadata, cancellationToken);
                    }

                    return true;
                },
                cancellationToken);
            return refused.Result;
        }
        catch (RolledBack refused)
        {
            return refused.Result;
        }

        CommandContext Context(LedgerTransaction transaction) => new()
        {
            Transaction = transaction,
            Metadata = metadata,
            Grant = call.Grant,
            Now = transaction.Now,
            MessageId = call.MessageId,
            IdempotencyKey = call.IdempotencyKey,
            Door = call.Door,
            Queue = route.Queue,
        };
    }

    internal static EventMetadata Metadata(DoorCall call)
    {
        var correlation = call.CorrelationId ?? Ids.New().ToString("D");
        return new EventMetadata(call.Actor, call.Door, correlation, call.CausationId ?? correlation, call.TraceParent ?? Activity.Current?.Id);
    }

    private static async Task<bool> RememberAsync(LedgerTransaction transaction, CommandRoute route, DoorCall call, CancellationToken cancellationToken) =>
        call.MessageId is not { } id || await Inbox.TryAddAsync(transaction.Connection, transaction.Transaction, route.Area, route.Queue, id, transaction.Now, cancellationToken);

    // A refused handler may have appended or taken a name before it refused: only an exception makes the ledger roll back.
    private sealed class RolledBack(CommandResult result) : Exception
    {
        public CommandResult Result => result;
    }
}

/// <summary>The message ids an area has handled.</summary>
internal static class Inbox
{
    /// <summary>Remembers the message; false when it was handled before. Waits for an undecided rival.</summary>
    public static async Task<bool> TryAddAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string schema, string consumer, Guid messageId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection, transaction) { BatchCommands = { Add(schema, consumer, messageId, now) } };
        return await batch.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>The statement that remembers it; affects no row when it was handled before.</summary>
    public static NpgsqlBatchCommand Add(string schema, string consumer, Guid messageId, DateTimeOffset now) => new(
        $"insert into {schema}.inbox(consumer, message_id, received_at) values ($1, $2, $3) on conflict do nothing")
    {
        Parameters =
        {
            new() { Value = consumer, NpgsqlDbType = NpgsqlDbType.Text },
            new() { Value = messageId, NpgsqlDbType = NpgsqlDbType.Uuid },
            new() { Value = now, NpgsqlDbType = NpgsqlDbType.TimestampTz },
        },
    };
}
