using EventMl.Testing;

namespace EventMl.Contracts.Tests;

public sealed class ContractRulesTests
{
    [Fact]
    public void Contracts_references_nothing_when_compiled() =>
        ContractRules.ForeignReferences(typeof(Ids).Assembly.GetReferencedAssemblies().Select(a => a.Name!)).ShouldBeEmpty();

    [Fact]
    public void Reference_is_named_when_it_is_not_the_framework() =>
        ContractRules.ForeignReferences(["System.Runtime", "MassTransit.Abstractions"]).ShouldBe(["MassTransit.Abstractions"]);

    [Fact]
    public void Every_command_says_what_it_is_about_when_sent() => ContractRules.WithoutIdentity(Messages.Commands).ShouldBeEmpty();

    [Fact]
    public void Command_is_named_when_it_has_no_identity() =>
        ContractRules.WithoutIdentity([typeof(StopEverything), typeof(Training.RunTraining)]).ShouldBe([typeof(StopEverything)]);

    [Fact]
    public void Every_command_is_a_verb_in_the_imperative_when_named() =>
        ContractRules.NotImperative(Messages.Commands.Select(c => c.Name)).ShouldBeEmpty("name a command verb-noun; a new verb is added to the rule, an event ends in a past participle");

    [Fact]
    public void Command_is_named_when_it_is_a_noun() => ContractRules.NotImperative(["TrainingRequest", "RunTraining", "Running"]).ShouldBe(["TrainingRequest", "Running"]);

    [Fact]
    public void Records_fall_into_their_kinds_when_told_by_name()
    {
        Messages.KindOf(typeof(Training.RequestTraining), Messages.All).ShouldBe(MessageKind.Command);
        Messages.KindOf(typeof(Training.TrainingRequested), Messages.All).ShouldBe(MessageKind.Event);
        Messages.KindOf(typeof(TaskError), Messages.All).ShouldBe(MessageKind.Part);
        Messages.KindOf(typeof(Models.RuleOutcome), Messages.All).ShouldBe(MessageKind.Part);
    }

    [Fact]
    public void Every_message_has_a_summary_of_one_sentence_when_read()
    {
        var sources = Directory.GetFiles(Path.Combine(TestServers.RepositoryRoot, "src", "Contracts"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText).ToArray();
        sources.SelectMany(ContractRules.WithoutOneSentence).ShouldBeEmpty();
        // Proves that the search finds records at all.
        foreach (var message in Messages.All)
        {
            sources.ShouldContain(s => s.Contains($"public sealed record {message.Name}", StringComparison.Ordinal), message.Name);
        }
    }

    [Fact]
    public void Message_is_named_when_its_summary_is_missing_or_two_sentences() => ContractRules.WithoutOneSentence("""
        /// <summary>Asks for one thing, <c>A. B</c> included.</summary>
        public sealed record Good(string TaskId);

        public sealed record Silent(string TaskId);

        /// <summary>Asks. For much.</summary>
        public sealed record Wordy;

        /// <summary>no end</summary>
        /// <param name="TaskId">The task.</param>
        public sealed record Endless(string TaskId);
        """).ShouldBe(["Silent", "Wordy", "Endless"]);

    private sealed record StopEverything(bool Now);
}
