using System.Globalization;
using System.Net;
using System.Text.Json;
using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.Services.Tests.Models;
using EventMl.Web;

namespace EventMl.Services.Tests.Audit;

public class AsOfTests
{
    [Fact]
    public async Task Shows_models_and_decisions_as_they_were_at_any_moment()
    {
        await using var host = await ModelsHost.StartAsync();
        var positions = await LiveAsync(host);

        (await host.GetAsync($"/api/v1/models?as_of={positions[0] - 1}")).GetArrayLength().ShouldBe(0);
        ModelsHost.Code(await host.GetAsync($"/api/v1/models/digits?as_of={positions[0] - 1}", HttpStatusCode.NotFound)).ShouldBe(ErrorCodes.ModelNotFound);
        (await host.GetAsync($"/api/v1/models/digits?as_of={positions[0]}")).GetProperty("versions").GetArrayLength().ShouldBe(1);
        (await host.GetAsync($"/api/v1/models/digits?as_of={positions[1]}")).GetProperty("versions")[0].GetProperty("evaluating").GetBoolean().ShouldBeTrue();
        (await host.GetAsync($"/api/v1/models/digits/decisions?as_of={positions[1]}")).GetArrayLength().ShouldBe(0);
        // Deleted now, and champion before that.
        ModelsHost.Code(await host.GetAsync("/api/v1/models/digits", HttpStatusCode.NotFound)).ShouldBe(ErrorCodes.ModelNotFound);
        (await host.GetAsync("/api/v1/models")).GetArrayLength().ShouldBe(0);
        var before = await host.GetAsync($"/api/v1/models?as_of={positions[^1] - 1}");
        before[0].GetProperty("champion").GetInt64().ShouldBe(1);
        (await host.GetAsync($"/api/v1/models/digits/decisions?as_of={positions[^1] - 1}")).GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Answers_the_same_when_an_instant_is_asked_twice_and_says_its_position()
    {
        await using var host = await ModelsHost.StartAsync();
        await host.AppendAsync("model-digits", 0, Given.Registered());
        await host.UntilAsync("/api/v1/audit/history?thing=model/digits", l => l.GetArrayLength() == 1);
        var now = TimeProvider.System.GetUtcNow().ToString("O", CultureInfo.InvariantCulture);
        var (first, position) = await AskAsync();
        await host.AppendAsync("model-digits", 1, new ModelDeleted("digits", Given.Now));
        await host.UntilAsync("/api/v1/audit/history?thing=model/digits", l => l.GetArrayLength() == 2);

        (await AskAsync()).ShouldBe((first, position));
        position.ShouldBe("1");

        async Task<(string Body, string Position)> AskAsync()
        {
            using var reply = await host.Client.GetAsync($"/api/v1/models?as_of={Uri.EscapeDataString(now)}", TestContext.Current.CancellationToken);
            return (await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), reply.Headers.GetValues(AsOf.PositionHeader).Single());
        }
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("-1")]
    [InlineData("2026-13-45T00:00:00Z")]
    [InlineData("99999999999999999999")]
    public async Task Says_what_a_moment_is_when_it_is_none(string moment)
    {
        await using var host = await ModelsHost.StartAsync();
        foreach (var path in new[] { "models", "models/digits", "audit/history?thing=model/digits" })
        {
            var error = await host.GetAsync($"/api/v1/{path}{(path.Contains('?') ? '&' : '?')}as_of={moment}", HttpStatusCode.BadRequest);
            ModelsHost.Code(error).ShouldBe(ErrorCodes.InvalidRequest);
            error.GetProperty("error").GetProperty("message").GetString()!.ShouldContain("as_of");
        }
    }

    [Fact]
    public async Task Streams_the_past_and_then_the_present_as_server_sent_events()
    {
        await using var host = await ModelsHost.StartAsync();
        await host.AppendAsync("model-digits", 0, Given.Registered(), Given.Evaluating());
        await host.AppendAsync("dataset-other", 0, new Contracts.Datasets.DatasetDeleted("other", Given.Now));
        await host.UntilAsync("/api/v1/audit/history?thing=dataset/other", l => l.GetArrayLength() == 1);

        using var stream = await OpenAsync(host, "/api/v1/events?from_position=2&category=model");
        (await NextAsync(stream)).ShouldStartWith("id: 2\nevent: evaluation_requested\ndata: {\"position\":2,");
        await host.AppendAsync("model-digits", 2, new ModelDeleted("digits", Given.Now));
        (await NextAsync(stream)).ShouldStartWith("id: 4\nevent: model_deleted\n");

        using var resumed = await OpenAsync(host, "/api/v1/events", ("Last-Event-ID", "2"));
        (await NextAsync(resumed)).ShouldStartWith("id: 3\nevent: dataset_deleted\n");
        ModelsHost.Code(await host.GetAsync("/api/v1/events?from_position=soon", HttpStatusCode.BadRequest)).ShouldBe(ErrorCodes.InvalidRequest);
    }

    /// <summary>Registered, evaluated, promoted, deleted; the positions of the model's own events.</summary>
    private static async Task<long[]> LiveAsync(ModelsHost host)
    {
        await host.AppendAsync("model-digits", 0, Given.Registered(), Given.Evaluating(), Given.Evaluated(0.9));
        await host.PostAsync("/api/v1/models/digits/promote");
        (await host.Client.DeleteAsync("/api/v1/models/digits", TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        var life = await host.UntilAsync("/api/v1/audit/history?thing=model/digits", l => l.EnumerateArray().Any(e => e.GetProperty("type").GetString() == "model_deleted"));
        return [.. life.EnumerateArray().Where(e => e.GetProperty("stream").GetString() == "model-digits").Select(e => e.GetProperty("position").GetInt64())];
    }

    private static async Task<StreamReader> OpenAsync(ModelsHost host, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        var reply = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        reply.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        return new StreamReader(await reply.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<string> NextAsync(StreamReader stream)
    {
        var lines = new List<string>();
        while (await stream.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 } line)
        {
            lines.Add(line);
        }

        return lines is [var id] && id.StartsWith("id:", StringComparison.Ordinal) ? await NextAsync(stream) : string.Join('\n', lines);
    }
}
