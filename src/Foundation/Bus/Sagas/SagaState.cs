using System.Text.Json.Serialization;
using EventMl.Contracts;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace EventMl.Bus;

/// <summary>What a saga remembers: a JSON object in <c>sagas.saga</c>.</summary>
public abstract class SagaState : SagaStateMachineInstance, ISagaVersion
{
    /// <summary>Id of the instance.</summary>
    public Guid CorrelationId { get; set; }

    /// <summary>Changes so far; checked at every write.</summary>
    [JsonIgnore]
    public int Version { get; set; }

    /// <summary>Name of the state the saga is in; <c>Final</c> when it is over.</summary>
    public string CurrentState { get; set; } = "Initial";
}

/// <summary>A saga's table of "when heard, in this state, ask for that"; what is heard in another state is a duplicate or late and changes nothing.</summary>
public abstract class ProcessStateMachine<TState> : MassTransitStateMachine<TState>
    where TState : SagaState
{
    /// <summary>Sets up state and the rule for unexpected events.</summary>
    protected ProcessStateMachine()
    {
        InstanceState(x => x.CurrentState);
        OnUnhandledEvent(context =>
        {
            LogContext.Debug?.Log("Ignored {Event} in state {State} of {Saga} {Id}", context.Event.Name, context.CurrentState.Name, typeof(TState).Name, context.Saga.CorrelationId);
            return context.Ignore();
        });
    }
}

/// <summary>Ids of saga instances.</summary>
public static class SagaId
{
    /// <summary>The instance for a public id: the UUID inside it (<c>train-&lt;32 hex&gt;</c>), else one derived from its text.</summary>
    public static Guid From(string publicId) =>
        Guid.TryParseExact(publicId.AsSpan(publicId.LastIndexOf('-') + 1), "N", out var id) ? id : Ids.Derive("saga", publicId);
}
