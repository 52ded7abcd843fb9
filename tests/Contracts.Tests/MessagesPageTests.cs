using System.Text.Json.Nodes;
using EventMl.Testing;

namespace EventMl.Contracts.Tests;

public sealed class MessagesPageTests
{
    [Theory]
    [InlineData("messages.md")]
    [InlineData("asyncapi.json")]
    public void Page_is_what_the_contracts_say(string file)
    {
        var path = Path.Combine(TestServers.RepositoryRoot, "docs", file);
        var now = file == "messages.md" ? MessagesPage.Write() : AsyncApi.Write();
        if (Golden.Updating)
        {
            File.WriteAllText(path, now);
            return;
        }

        (File.Exists(path) ? File.ReadAllText(path) : "").ShouldBe(now, $"docs/{file} is stale; write it with: {Golden.UpdateCommand}");
    }

    [Fact]
    public void Every_message_and_member_says_what_it_means()
    {
        Messages.All.Where(m => ContractDocs.Of(m).Length == 0).Select(m => m.Name).ShouldBeEmpty();
        Messages.All.SelectMany(Samples.Members).Where(m => ContractDocs.Of(m).Length == 0).Select(m => $"{m.DeclaringType!.Name}.{m.Name}").ShouldBeEmpty();
    }

    [Fact]
    public void Every_reference_of_the_document_leads_somewhere()
    {
        var document = JsonNode.Parse(AsyncApi.Write())!;
        var references = new List<string>();
        Collect(document, references);

        references.ShouldNotBeEmpty();
        references.Distinct(StringComparer.Ordinal).Where(r => r["#/".Length..].Split('/').Aggregate((JsonNode?)document, (node, part) => node?[part]) is null).ShouldBeEmpty();
    }

    private static void Collect(JsonNode? node, List<string> references)
    {
        switch (node)
        {
            case JsonArray list:
                list.ToList().ForEach(item => Collect(item, references));
                break;
            case JsonObject members:
                foreach (var (name, value) in members)
                {
                    if (name == "$ref")
                        references.Add(value!.GetValue<string>());
                    else
                        Collect(value, references);
                }

                break;
        }
    }
}
