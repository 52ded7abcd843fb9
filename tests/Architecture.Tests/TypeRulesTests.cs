namespace EventMl.Architecture.Tests;

public sealed class TypeRulesTests
{
    [Fact]
    public void MassTransit_stays_in_Bus_and_Sagas_when_code_is_read() => TypeRules.KnowsMassTransit(Code.Platform).ShouldBeEmpty();

    [Fact]
    public void Type_is_named_when_it_knows_MassTransit() => TypeRules.KnowsMassTransit(Code.Of<Violations.DirectConsumer>()).ShouldNotBeEmpty();

    [Fact]
    public void Every_command_has_one_handler_when_code_is_read() => TypeRules.WithoutOneHandler(Code.Commands, Code.Platform).ShouldBeEmpty();

    [Fact]
    public void Command_is_named_when_it_has_no_handler_or_two() =>
        TypeRules.WithoutOneHandler(
            [typeof(Violations.Open).FullName!.Replace('+', '/'), typeof(Violations.Shut).FullName!.Replace('+', '/'), "Nobody"],
            [.. Code.Of<Violations.OpenHandler>(), .. Code.Of<Violations.Opener>(), .. Code.Of<Violations.ShutHandler>(), .. Code.Of<Violations.StrangerHandler>()])
            .Select(v => v.Split('/')[^1]).ShouldBe(["Open: 2 handlers", "Nobody: 0 handlers", "Stranger: no command of Contracts"]);

    [Fact]
    public void Handlers_are_named_so_when_code_is_read() => TypeRules.NotNamedHandler(Code.Platform).ShouldBeEmpty();

    [Fact]
    public void Handler_is_named_when_its_name_hides_it() =>
        TypeRules.NotNamedHandler([.. Code.Of<Violations.Opener>(), .. Code.Of<Violations.OpenHandler>(), .. Code.Of<Violations.Listener>()]).Count().ShouldBe(2);

    [Fact]
    public void Sagas_leave_the_broker_alone_when_code_is_read() => TypeRules.SagaTalksToBroker(Code.Platform).ShouldBeEmpty();

    [Fact]
    public void Saga_is_named_when_it_talks_to_the_broker()
    {
        var found = TypeRules.SagaTalksToBroker(Code.Of<Violations.TalkingStateMachine>()).ToArray();
        found.ShouldContain(v => v.Contains("Publish", StringComparison.Ordinal));
        found.ShouldContain(v => v.Contains("Send", StringComparison.Ordinal));
    }

    [Fact]
    public void Aggregates_are_pure_when_code_is_read() => TypeRules.ImpureAggregate(Code.Platform).ShouldBeEmpty();

    [Theory]
    [InlineData(typeof(Violations.AsksClock), "System.TimeProvider")]
    [InlineData(typeof(Violations.AsksDatabase), "Npgsql.NpgsqlConnection")]
    [InlineData(typeof(Violations.AsksNetwork), "System.Net.Http.HttpClient")]
    [InlineData(typeof(Violations.MakesIds), "EventMl.Contracts.Ids")]
    public void Aggregate_is_named_when_it_asks_the_world(Type aggregate, string asked) =>
        TypeRules.ImpureAggregate(Code.Of(aggregate)).ShouldContain(v => v.EndsWith(asked, StringComparison.Ordinal));

    [Fact]
    public void Categories_have_no_dash_when_code_is_read() => TypeRules.CategoryWithDash(Code.Platform).ShouldBeEmpty();

    [Fact]
    public void Category_is_named_when_it_has_a_dash() => TypeRules.CategoryWithDash(Code.Of<Violations.AsksClock>()).ShouldHaveSingleItem().ShouldEndWith("asks-clock");

    [Fact]
    public void Client_knows_the_proof_alone_when_code_is_read() => TypeRules.KnowsLedger(Code.Platform.Where(t => t.Home() == "EventMl.Cli")).ShouldBeEmpty();

    [Fact]
    public void Client_is_named_when_it_knows_the_database() => TypeRules.KnowsLedger(Code.Of<Violations.AsksDatabase>()).ShouldNotBeEmpty();

    [Fact]
    public void Native_code_stays_wrapped_when_code_is_read() =>
        TypeRules.CallsNative(Code.Platform, "EventMl.Torch", "EventMl.Jobs", "EventMl.Lake", "EventMl.Data").ShouldBeEmpty();

    [Fact]
    public void Type_is_named_when_it_calls_native_code() => TypeRules.CallsNative(Code.Of(typeof(Violations.Native)), "EventMl.Torch").ShouldHaveSingleItem();

    [Fact]
    public void Training_stays_in_jobs_when_code_is_read() => TypeRules.TrainsOutsideJob(Code.Platform).ShouldBeEmpty();

    [Fact]
    public void Type_is_named_when_it_trains_in_a_host() => TypeRules.TrainsOutsideJob(Code.Of<Violations.TrainsAtOnce>()).ShouldHaveSingleItem();

    [Fact]
    public void Modules_have_the_same_verbs_when_code_is_read() => TypeRules.UnevenModule(Code.Platform).ShouldBeEmpty();

    [Fact]
    public void Verb_is_named_when_a_module_has_one_of_its_own_or_lacks_one() =>
        TypeRules.UnevenModule(Code.Of(typeof(OddModule))).Select(v => v.Split(": ")[1]).ShouldBe(["Declare", "no MapOdd"]);

    [Fact]
    public void Rules_see_the_platform_when_code_is_read()
    {
        // An empty list of types would satisfy every rule.
        Code.Commands.Count.ShouldBeGreaterThan(10);
        Code.Platform.Count(t => t.Implements("EventMl.EventStore.IAggregate`1").Any()).ShouldBeGreaterThan(5);
        Code.Platform.ShouldContain(t => t.Name == "TrainingTaskStateMachine");
        Code.Platform.Count(t => t.DeclaringType is null && t.Name.EndsWith("Module", StringComparison.Ordinal)).ShouldBeGreaterThan(4);
        Code.Platform.ShouldContain(t => t.FullName == "EventMl.Torch.ModelTrainer");
        Code.Platform.Count(t => t.Methods.Any(m => m.IsPInvokeImpl)).ShouldBeGreaterThan(2);
    }
}
