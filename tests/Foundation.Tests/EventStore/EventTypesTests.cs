using System.Text;
using System.Text.Json.Nodes;
using EventMl.EventStore;

namespace EventMl.Foundation.Tests.EventStore;

public sealed class EventTypesTests
{
    [Theory]
    [InlineData(typeof(Sample.ModelRegistered), "model_registered")]
    [InlineData(typeof(Sample.V2Model), "v2_model")]
    [InlineData(typeof(Sample.HTTPServerStarted), "http_server_started")]
    [InlineData(typeof(Sample.GPUAllocated), "gpu_allocated")]
    [InlineData(typeof(Sample.Gpu8Ready), "gpu_8_ready")]
    [InlineData(typeof(Sample.ModelID), "model_id")]
    [InlineData(typeof(Sample.Trained2024Q1), "trained_2024q1")]
    [InlineData(typeof(Sample.Outer.Inner), "inner")]
    [InlineData(typeof(Sample.Wrapped<Sample.ModelRegistered>), "Wrapped<ModelRegistered>")]
    public void Names_a_type_as_Marten_does_when_asked_for_its_alias(Type type, string alias) => new EventTypes().AliasOf(type).ShouldBe(alias);

    [Fact]
    public void Knows_every_contract_when_given_the_assembly()
    {
        var types = new EventTypes(typeof(Contracts.Ids).Assembly);

        types.Find("epoch_completed").ShouldBe(typeof(Contracts.Training.EpochCompleted));
        types.Find("nothing_like_it").ShouldBeNull();
    }

    [Fact]
    public void Refuses_a_type_when_another_has_its_alias()
    {
        var types = new EventTypes();
        types.Add(typeof(Sample.ModelRegistered));

        Should.Throw<ArgumentException>(() => types.Add(typeof(Sample.Other.ModelRegistered))).Message.ShouldContain("rename one");
    }

    [Fact]
    public void Reads_the_old_shape_when_an_upcaster_knows_it()
    {
        var types = new EventTypes();
        types.Add(typeof(Sample.Moved));
        types.Upcast<Sample.Moved>("relocated", old => new JsonObject { ["Place"] = old["Where"]!.GetValue<string>() });
        types.Upcast<Sample.Moved>("moved", old => old.ContainsKey("Place") ? old : new JsonObject { ["Place"] = old["To"]!.GetValue<string>() });
        types.Upcast<Sample.Moved>("moved", old => new JsonObject { ["Place"] = old["Place"]!.GetValue<string>().Trim() });

        types.Read("relocated", """{"Where": "Bern"}"""u8).Data.ShouldBe(new Sample.Moved("Bern"));
        types.Read("moved", """{"To": " Chur "}"""u8).Data.ShouldBe(new Sample.Moved("Chur"));
        types.Read("moved", """{"Place": "Genf"}"""u8).Data.ShouldBe(new Sample.Moved("Genf"));
        types.AliasOf(typeof(Sample.Moved)).ShouldBe("moved", "new events are written under the present name");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"Where": 7}""")]
    public void Says_what_is_wrong_when_an_upcaster_meets_something_else(string json)
    {
        var types = new EventTypes();
        types.Upcast<Sample.Moved>("relocated", old => new JsonObject { ["Place"] = old["Where"]!.GetValue<string>() });

        var (data, problem) = types.Read("relocated", Encoding.UTF8.GetBytes(json));

        data.ShouldBeNull();
        problem.ShouldNotBeNull().ShouldContain("Moved");
    }

    [Fact]
    public void Refuses_an_upcaster_when_the_alias_is_anothers()
    {
        var types = new EventTypes();
        types.Add(typeof(Sample.ModelRegistered));

        Should.Throw<ArgumentException>(() => types.Upcast<Sample.Moved>("model_registered", old => old)).Message.ShouldContain("cannot be read as");
    }

    internal static class Sample
    {
        internal sealed record Moved(string Place);

        internal sealed record ModelRegistered;

        internal sealed record V2Model;

        internal sealed record HTTPServerStarted;

        internal sealed record GPUAllocated;

        internal sealed record Gpu8Ready;

        internal sealed record ModelID;

        internal sealed record Trained2024Q1;

        internal sealed record Wrapped<T>;

        internal static class Outer
        {
            internal sealed record Inner;
        }

        internal static class Other
        {
            internal sealed record ModelRegistered;
        }
    }
}
