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

    internal static class Sample
    {
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
