using System.Text.Json;
using System.Text.Json.Nodes;

namespace EventMl.Contracts.Tests;

public sealed class GoldenTests
{
    public static TheoryData<Type> Records => [.. Messages.All];

    [Theory]
    [MemberData(nameof(Records))]
    public void Message_looks_as_it_was_frozen_when_written(Type message)
    {
        var frozen = Golden.Read(message);
        if (frozen is not null)
        {
            Compatibility.Breaks(frozen, message).ShouldBeEmpty("messages change only by new optional members; make a new message instead");
        }

        var now = Golden.Text(Golden.Of(message));
        if (Golden.Updating)
        {
            Directory.CreateDirectory(Golden.Folder);
            File.WriteAllText(Golden.FileOf(message), now);
            return;
        }

        frozen.ShouldNotBeNull($"{message.Name} is not frozen yet; write its golden file with: {Golden.UpdateCommand}");
        now.ShouldBe(Golden.Text(frozen), $"{message.Name} gained members; if that is meant, run: {Golden.UpdateCommand}");
    }

    [Theory]
    [MemberData(nameof(Records))]
    public void Message_survives_the_way_there_and_back_when_sent_in_any_form(Type message)
    {
        foreach (var (form, options) in Golden.Forms)
        {
            foreach (var optional in new[] { true, false })
            {
                var sent = JsonSerializer.Serialize(Samples.Of(message, optional), message, options);
                var received = JsonSerializer.Deserialize(sent, message, options);
                JsonSerializer.Serialize(received, message, options).ShouldBe(sent, form);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Records))]
    public void Message_is_read_when_a_newer_sender_added_a_member(Type message)
    {
        foreach (var (form, options) in Golden.Forms)
        {
            var newer = JsonSerializer.SerializeToNode(Samples.Of(message, optional: true), message, options)!.AsObject();
            var known = newer.ToJsonString(options);
            newer["memberOfTomorrow"] = new JsonObject { ["a"] = 1 };
            JsonSerializer.SerializeToNode(newer.Deserialize(message, options), message, options)!.ToJsonString(options).ShouldBe(known, form);
        }
    }

    [Fact]
    public void Every_golden_file_belongs_to_a_message_when_the_folder_is_read()
    {
        var expected = Messages.All.Select(Golden.FileOf).ToHashSet(StringComparer.Ordinal);
        Directory.GetFiles(Golden.Folder).Where(f => !expected.Contains(f))
            .ShouldBeEmpty("a message was removed, renamed or moved; old events must stay readable, so bring it back");
    }

    [Fact]
    public void Urn_names_namespace_and_record_when_asked_of_any_message()
    {
        foreach (var message in Messages.All)
        {
            Golden.Of(message)["urn"]!.GetValue<string>().ShouldBe($"urn:message:{message.Namespace}:{message.Name}");
        }
    }

    [Fact]
    public void Members_keep_the_case_of_their_edge_when_written()
    {
        var golden = Golden.Of(typeof(Training.RequestTraining));
        Names(golden["rest"]!).ShouldContain("timeout_seconds");
        Names(golden["bus"]!).ShouldContain("timeoutSeconds");
        Names(golden["ledger"]!).ShouldContain("TimeoutSeconds");
        foreach (var form in Golden.Forms.Keys)
        {
            var parameters = golden[form]!["full"]!.AsObject().Single(m => string.Equals(m.Key, "params", StringComparison.OrdinalIgnoreCase)).Value!.AsObject();
            parameters.Select(p => p.Key).ShouldBe(["keepCase", "snake_case", "nested"], form);
        }

        static IEnumerable<string> Names(JsonNode form) => form["full"]!.AsObject().Select(m => m.Key);
    }
}
