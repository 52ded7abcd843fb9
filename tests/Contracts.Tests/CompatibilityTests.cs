using System.Text.Json.Nodes;

namespace EventMl.Contracts.Tests;

public sealed class CompatibilityTests
{
    [Fact]
    public void Nothing_breaks_when_an_optional_member_is_added() =>
        Compatibility.Breaks(Frozen<Then>(asIf: typeof(WithOptional)), typeof(WithOptional)).ShouldBeEmpty();

    [Theory]
    [InlineData(typeof(WithDemanded), "Demanded is new and must be optional")]
    [InlineData(typeof(WithRequired), "cannot be read")]
    [InlineData(typeof(WithoutEpochs), ".Epochs' is gone")]
    [InlineData(typeof(Renamed), ".Epochs' is gone")]
    [InlineData(typeof(Retyped), "cannot be read")]
    [InlineData(typeof(WithPartThatDemands), "Part.Reason is new and must be optional")]
    public void Change_is_called_breaking_when_it_is_one(Type changed, string problem) =>
        string.Join('\n', Compatibility.Breaks(Frozen<Then>(asIf: changed), changed)).ShouldContain(problem);

    [Theory]
    [InlineData("urn")]
    [InlineData("exchange")]
    [InlineData("alias")]
    public void Change_is_called_breaking_when_a_message_moves(string name)
    {
        var old = Frozen<Then>(asIf: typeof(Then));
        old[name] = "elsewhere";
        Compatibility.Breaks(old, typeof(Then)).ShouldHaveSingleItem().ShouldContain(name);
    }

    // The golden file of one record, under the name of another.
    private static JsonObject Frozen<T>(Type asIf)
    {
        var old = Golden.Of(typeof(T));
        foreach (var name in new[] { "urn", "exchange", "alias" })
        {
            old[name] = Golden.Of(asIf)[name]!.DeepClone();
        }

        return old;
    }

    private sealed record Then(string TaskId, int Epochs, Part Part, string? Note);

    private sealed record Part(string Code);

    private sealed record WithOptional(string TaskId, int Epochs, Part Part, string? Note)
    {
        public double? Rate { get; init; }
    }

    private sealed record WithDemanded(string TaskId, int Epochs, Part Part, string? Note, double Demanded);

    private sealed record WithRequired(string TaskId, int Epochs, Part Part, string? Note)
    {
        public required string Demanded { get; init; }
    }

    private sealed record WithoutEpochs(string TaskId, Part Part, string? Note);

    private sealed record Renamed(string TaskId, int EpochCount, Part Part, string? Note);

    private sealed record Retyped(string TaskId, string Epochs, Part Part, string? Note);

    private sealed record WithPartThatDemands(string TaskId, int Epochs, PartThatDemands Part, string? Note);

    private sealed record PartThatDemands(string Code, string Reason);
}
