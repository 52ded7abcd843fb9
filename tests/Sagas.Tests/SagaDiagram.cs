using System.Reflection;
using System.Text;
using MassTransit;
using MassTransit.SagaStateMachine;

namespace EventMl.Sagas.Tests;

/// <summary>Draws a state machine as a Mermaid state diagram: what is heard in which state, what is asked for, where it goes.</summary>
internal sealed class SagaDiagram : StateMachineVisitor
{
    private const BindingFlags Fields = BindingFlags.Instance | BindingFlags.NonPublic;
    private readonly List<Transition> _transitions = [];
    private readonly List<string> _verbs = [];
    private string _state = "";
    private string _message = "";
    private string? _target;

    public static string Of<TState>(MassTransitStateMachine<TState> machine)
        where TState : class, SagaStateMachineInstance
    {
        var diagram = new SagaDiagram();
        machine.Accept(diagram);
        return diagram.Draw();
    }

    public void Visit(State state, Action<State> next)
    {
        _state = state.Name;
        next(state);
        Finish();
    }

    public void Visit(Event @event, Action<Event> next)
    {
        Begin(@event.Name);
        next(@event);
    }

    public void Visit<TMessage>(Event<TMessage> @event, Action<Event<TMessage>> next)
        where TMessage : class
    {
        Begin(typeof(TMessage).Name);
        next(@event);
    }

    public void Visit<T>(IBehavior<T> behavior, Action<IBehavior<T>> next)
        where T : class, SagaStateMachineInstance => next(behavior);

    public void Visit<T, TMessage>(IBehavior<T, TMessage> behavior, Action<IBehavior<T, TMessage>> next)
        where T : class, SagaStateMachineInstance
        where TMessage : class => next(behavior);

    public void Visit(State state) => Visit(state, _ => { });

    public void Visit(Event @event) => Visit(@event, _ => { });

    public void Visit<TMessage>(Event<TMessage> @event)
        where TMessage : class => Visit(@event, _ => { });

    public void Visit<T>(IBehavior<T> behavior)
        where T : class, SagaStateMachineInstance
    {
    }

    public void Visit<T, TMessage>(IBehavior<T, TMessage> behavior)
        where T : class, SagaStateMachineInstance
        where TMessage : class
    {
    }

    public void Visit(IStateMachineActivity activity) => Visit(activity, _ => { });

    public void Visit(IStateMachineActivity activity, Action<IStateMachineActivity> next)
    {
        if (activity.GetType().GetProperty("ToState")?.GetValue(activity) is State target)
        {
            _target = target.Name;
        }

        // A verb is a closure of SagaVerbs: its method tells which, its last type argument the message.
        foreach (var action in activity.GetType().GetFields(Fields).Select(f => f.GetValue(activity)).OfType<Delegate>())
        {
            var message = action.Method.DeclaringType!.GetGenericArguments() is [_, _, var last] ? last.Name : "";
            _verbs.AddRange(action.Method.Name.Split('>')[0] switch
            {
                "<Ask" => [$"ask {message}"],
                "<Schedule" => [$"schedule {message}"],
                "<Unschedule" => ["unschedule"],
                _ => (IEnumerable<string>)[],
            });
        }

        next(activity);
    }

    // An event is visited first, then what it leads to, then the next event of the state.
    private void Begin(string message)
    {
        Finish();
        _message = message;
    }

    private void Finish()
    {
        // MassTransit's own marker events of every state do nothing.
        if (_verbs.Count > 0 || _target is not null)
        {
            _transitions.Add(new Transition(_state, _message, [.. _verbs.Distinct(StringComparer.Ordinal)], _target ?? _state));
        }

        _verbs.Clear();
        _target = null;
    }

    private string Draw()
    {
        var text = new StringBuilder("stateDiagram-v2\n");
        foreach (var transition in _transitions)
        {
            var does = string.Concat(transition.Verbs.Select(v => $"<br/>{v}"));
            text.Append($"    {Name(transition.From)} --> {Name(transition.To)}: {transition.Message}{does}\n");
        }

        foreach (var end in _transitions.Select(t => t.To).Distinct(StringComparer.Ordinal).Where(s => _transitions.All(t => t.From != s)))
        {
            text.Append($"    {end} --> [*]\n");
        }

        return text.ToString();
    }

    private static string Name(string state) => state == "Initial" ? "[*]" : state;

    private sealed record Transition(string From, string Message, IReadOnlyList<string> Verbs, string To);
}
