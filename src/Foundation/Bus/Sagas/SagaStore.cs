using System.Text.Json;
using EventMl.EventStore;
using MassTransit;
using MassTransit.Configuration;
using MassTransit.Context;
using MassTransit.Saga;

namespace EventMl.Bus;

/// <summary>Name of a saga in the tables.</summary>
internal sealed record SagaKind<TState>(string Name);

/// <summary>Keeps sagas in PostgreSQL: the row is locked and its version checked, one transaction per message.</summary>
internal static class SagaStore
{
    /// <summary>MassTransit's name of the state after the last.</summary>
    public const string Final = "Final";

    public static void Register<TState>(ISagaRepositoryRegistrationConfigurator<TState> configurator)
        where TState : SagaState =>
        configurator.RegisterSagaRepository<TState, SagaTransaction, SagaConsumeContextFactory<SagaTransaction, TState>, SagaStore<TState>>();
}

/// <inheritdoc cref="SagaStore"/>
internal sealed class SagaStore<TState>(
    Ledger ledger, SagaKind<TState> kind, OutboxSignal signal, Caller caller, ISagaConsumeContextFactory<SagaTransaction, TState> contexts) : ISagaRepositoryContextFactory<TState>
    where TState : SagaState
{
    public void Probe(ProbeContext context) => context.Add("persistence", "postgres");

    public async Task Send<T>(ConsumeContext<T> context, IPipe<SagaRepositoryContext<TState, T>> next)
        where T : class
    {
        caller.RequireOwn(context, BusNames.SagaQueue(kind.Name));
        using var area = AreaScope.Enter(BusSchema.Sagas);
        await using var transaction = await SagaTransaction.OpenAsync(ledger, kind.Name, context);
        try
        {
            await next.Send(new Repository<T>(transaction, context, contexts));
        }
        catch (HandledBeforeException)
        {
            LogContext.Debug?.Log("Ignored {Message} {MessageId}: saga {Kind} handled it before", typeof(T).Name, context.MessageId, kind.Name);
            return;
        }

        await transaction.CommitAsync();
        if (transaction.HasMessages)
        {
            signal.Raise();
        }
    }

    public Task SendQuery<T>(ConsumeContext<T> context, ISagaQuery<TState> query, IPipe<SagaRepositoryQueryContext<TState, T>> next)
        where T : class => throw new NotSupportedException($"{typeof(TState).Name} correlates {typeof(T).Name} by a query; use CorrelateById(context => SagaId.From(...)).");

    private sealed class Repository<T>(SagaTransaction transaction, ConsumeContext<T> context, ISagaConsumeContextFactory<SagaTransaction, TState> contexts)
        : ConsumeContextScope<T>(context, transaction), SagaRepositoryContext<TState, T>
        where T : class
    {
        public Task<SagaConsumeContext<TState, T>> Add(TState instance) => contexts.CreateSagaConsumeContext(transaction, this, instance, SagaConsumeContextMode.Add);

        public async Task<SagaConsumeContext<TState, T>> Insert(TState instance) =>
            await transaction.TryInsertAsync(instance, Json(instance))
                ? await contexts.CreateSagaConsumeContext(transaction, this, instance, SagaConsumeContextMode.Insert)
                : null!;

        public async Task<SagaConsumeContext<TState, T>> Load(Guid correlationId)
        {
            if (await transaction.LoadAsync(correlationId) is not { } row)
            {
                return null!;
            }

            var saga = JsonSerializer.Deserialize<TState>(row.Json, LedgerJson.Options)!;
            saga.CorrelationId = correlationId;
            saga.Version = row.Version;
            return await contexts.CreateSagaConsumeContext(transaction, this, saga, SagaConsumeContextMode.Load);
        }

        public Task Save(SagaConsumeContext<TState> context)
        {
            transaction.Insert(context.Saga, Json(context.Saga));
            return Task.CompletedTask;
        }

        public Task Update(SagaConsumeContext<TState> context)
        {
            var expected = context.Saga.Version++;
            transaction.Update(context.Saga, Json(context.Saga), expected);
            return Task.CompletedTask;
        }

        // The row outlives the saga, else a repeated first event would start it again.
        public Task Delete(SagaConsumeContext<TState> context)
        {
            context.Saga.CurrentState = SagaStore.Final;
            return Update(context);
        }

        public Task Discard(SagaConsumeContext<TState> context) => Task.CompletedTask;

        public Task Undo(SagaConsumeContext<TState> context) => Task.CompletedTask;

        public Task<SagaConsumeContext<TState, TOther>> CreateSagaConsumeContext<TOther>(ConsumeContext<TOther> consumeContext, TState instance, SagaConsumeContextMode mode)
            where TOther : class => contexts.CreateSagaConsumeContext(transaction, consumeContext, instance, mode);

        private static string Json(TState saga) => JsonSerializer.Serialize(saga, LedgerJson.Options);
    }
}
