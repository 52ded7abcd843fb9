using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace EventMl.EndToEnd.Tests.Hosting;

/// <summary>A user who talks REST to the platform.</summary>
internal sealed class Rest(HostProcess host) : IDisposable
{
    private const string Api = "/api/v1/";
    private readonly HttpClient _client = new() { BaseAddress = host.Address, Timeout = TimeSpan.FromSeconds(60) };

    public static object Mlp { get; } = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Path.Combine(Platform.Samples, "models/fashion_mlp.json")));

    public static object Cnn { get; } = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Path.Combine(Platform.Samples, "models/fashion_cnn.json")));

    public async Task<JsonElement> GetAsync(string path) => await ReadAsync(await _client.GetAsync(Api + path), HttpStatusCode.OK);

    public async Task<JsonElement> PostAsync(string path, object body, HttpStatusCode expected = HttpStatusCode.Created) =>
        await ReadAsync(await _client.PostAsJsonAsync(Api + path, body), expected);

    public Task<JsonElement> IngestAsync(string name, string output, string folder = "small") =>
        PostAsync("ingestion-tasks", new { name, input = folder, output, source = "idx" });

    public Task<JsonElement> TrainAsync(string name, string input, string output, object parameters, object? model = null) =>
        PostAsync("training-tasks", new { name, input, output, model = model ?? Mlp, @params = parameters });

    /// <summary>Waits until a task is over and returns it; fails with its error unless it is in the wanted status.</summary>
    public async Task<JsonElement> EndedAsync(string kind, JsonElement task, string status = "completed", TimeSpan? limit = null)
    {
        var path = $"{kind}/{task.GetProperty("id").GetString()}";
        var ended = await UntilAsync(path, t => t.GetProperty("status").GetString() is "completed" or "failed", limit);
        ended.GetProperty("status").GetString().ShouldBe(status, ended.GetRawText());
        return ended;
    }

    public async Task<JsonElement> UntilAsync(string path, Func<JsonElement, bool> condition, TimeSpan? limit = null)
    {
        JsonElement last = default;
        try
        {
            await Wait.UntilAsync(
                async () =>
                {
                    using var answer = await _client.GetAsync(Api + path);
                    last = await answer.Content.ReadFromJsonAsync<JsonElement>();
                    return answer.IsSuccessStatusCode && condition(last);
                },
                path,
                limit);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; last answer {last}; log of '{host.Name}':\n{host.Log}", e);
        }

        return last;
    }

    /// <summary>Waits for the gate's word on a version of a model: true when it became champion.</summary>
    public async Task<bool> JudgedAsync(string model, long version = 1)
    {
        var row = await UntilAsync($"models/{model}", m => Version(m, version) is { } v && v.Member("decision_id").ValueKind == JsonValueKind.String);
        return Version(row, version)!.Value.GetProperty("promoted").GetBoolean();
    }

    public static JsonElement? Version(JsonElement model, long version) =>
        model.GetProperty("versions").EnumerateArray().Where(v => v.GetProperty("version").GetInt64() == version).Select(v => (JsonElement?)v).FirstOrDefault();

    public async Task<JsonElement> ServeAsync(string name, string model)
    {
        var service = await PostAsync("inference-services", new { name, model });
        return await UntilAsync($"inference-services/{service.GetProperty("id").GetString()}", s => s.GetProperty("status").GetString() == "running");
    }

    public async Task<int> PredictAsync(JsonElement service, ReadOnlyMemory<byte> image) =>
        (await PostAsync($"inference-services/{service.GetProperty("id").GetString()}/predict", new { image = Convert.ToBase64String(image.Span) }, HttpStatusCode.OK))
            .GetProperty("prediction").GetInt32();

    public void Dispose() => _client.Dispose();

    private async Task<JsonElement> ReadAsync(HttpResponseMessage response, HttpStatusCode expected)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync();
            response.StatusCode.ShouldBe(expected, $"{response.RequestMessage?.Method} {response.RequestMessage?.RequestUri} answered: {text}\nLog of '{host.Name}':\n{host.Log}");
            return JsonSerializer.Deserialize<JsonElement>(text);
        }
    }
}

/// <summary>Members that REST leaves out while they are null.</summary>
internal static class JsonMembers
{
    public static JsonElement Member(this JsonElement value, string name) => value.TryGetProperty(name, out var member) ? member : default;
}
