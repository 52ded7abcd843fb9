using EventMl.Bus;
using EventMl.Sagas.Ingestion;
using EventMl.Sagas.TrainingTask;
using EventMl.Testing;
using MassTransit;

namespace EventMl.Sagas.Tests;

public sealed class SagaDiagramTests
{
    private const string UpdateVariable = "EVENTML_UPDATE_GOLDEN";

    [Fact]
    public void Diagram_of_Ingestion_is_current_when_compared_with_docs() =>
        Check("ingestion", "Ingestion", SagaDiagram.Of(new IngestionStateMachine(new SagaOptions())));

    [Fact]
    public void Diagram_of_TrainingTask_is_current_when_compared_with_docs() =>
        Check("training-task", "Training task", SagaDiagram.Of(new TrainingTaskStateMachine(new SagaOptions())));

    [Fact]
    public void Every_state_machine_has_a_diagram_when_sagas_are_counted() =>
        typeof(SagasModule).Assembly.GetTypes().Count(t => t is { IsAbstract: false } && t.IsAssignableTo(typeof(StateMachine)))
            .ShouldBe(Directory.GetFiles(Folder, "*.md").Length, "add the new saga to SagaDiagramTests");

    [Fact]
    public void Diagram_shows_states_messages_and_verbs_when_drawn() => SagaDiagram.Of(new DoorbellStateMachine()).ShouldBe("""
        stateDiagram-v2
            [*] --> Ringing: Rung<br/>ask Open<br/>schedule GaveUp
            Ringing --> Ringing: Rung<br/>ask Open
            Ringing --> Silent: GaveUp<br/>unschedule
            Silent --> [*]

        """.ReplaceLineEndings("\n"));

    private static string Folder => Path.Combine(TestServers.RepositoryRoot, "docs", "sagas");

    private static void Check(string file, string title, string diagram)
    {
        var path = Path.Combine(Folder, $"{file}.md");
        var text = $"# Saga: {title}\n\nDrawn from the state machine by `SagaDiagramTests`; what is heard in any other state changes nothing.\n\n```mermaid\n{diagram}```\n";
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            Directory.CreateDirectory(Folder);
            File.WriteAllText(path, text);
        }

        File.Exists(path).ShouldBeTrue($"draw it with: {UpdateVariable}=1 ./eventml test --only sagas");
        File.ReadAllText(path).ReplaceLineEndings("\n").ShouldBe(text, $"the saga changed; draw it again with: {UpdateVariable}=1 ./eventml test --only sagas");
    }

    private sealed record Rung(Guid Id);

    private sealed record GaveUp(Guid Id);

    private sealed record Open(Guid Id);

    private sealed class DoorbellState : SagaState;

    private sealed class DoorbellStateMachine : ProcessStateMachine<DoorbellState>
    {
        public DoorbellStateMachine()
        {
            Event(() => Ring, x => x.CorrelateById(m => m.Message.Id));
            Event(() => Expired, x => x.CorrelateById(m => m.Message.Id));
            Initially(When(Ring).Ask(c => new Open(c.Message.Id)).Schedule("patience", _ => TimeSpan.FromSeconds(30), c => new GaveUp(c.Message.Id)).TransitionTo(Ringing));
            During(
                Ringing,
                When(Ring).Ask(c => new Open(c.Message.Id)),
                When(Expired).Unschedule("patience").TransitionTo(Silent));
        }

        public State Ringing { get; private set; } = null!;

        public State Silent { get; private set; } = null!;

        public Event<Rung> Ring { get; private set; } = null!;

        public Event<GaveUp> Expired { get; private set; } = null!;
    }
}
