using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace EventMl.Services.Tests.Platform;

/// <summary>Any HTTP client at the platform's door.</summary>
internal sealed class RestClient(Uri address) : IDisposable
{
    // Several test processes share two cores; a child that loads libtorch may take half a minute.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private readonly HttpClient _client = new() { BaseAddress = address, Timeout = Limit };

    public Uri Address => address;

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async Task<RestAnswer> SendAsync(HttpMethod method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _client.SendAsync(request, Cancel);
        return new RestAnswer(
            response.StatusCode,
            await response.Content.ReadAsStringAsync(Cancel),
            response.Headers.Concat(response.Content.Headers).ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase));
    }

    public Task<RestAnswer> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    public Task<RestAnswer> PostAsync(string path, object? body = null, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, body is null ? null : body as string ?? JsonSerializer.Serialize(body), headers);

    public Task<RestAnswer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path);

    /// <summary>Creates a task and waits for its end.</summary>
    public async Task<JsonElement> RunAsync(string path, object request)
    {
        var created = await PostAsync(path, request);
        created.ShouldBe(HttpStatusCode.Created);
        return await UntilEndedAsync($"{path}/{created.Json.Text("id")}");
    }

    public Task<JsonElement> UntilEndedAsync(string path) => UntilAsync(path, t => t.Text("status") is "completed" or "failed");

    public Task<JsonElement> UntilStatusAsync(string path, string status) => UntilAsync(path, t => t.Text("status") == status);

    public async Task<JsonElement> UntilAsync(string path, Func<JsonElement, bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Limit);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var last = "nothing";
        try
        {
            while (true)
            {
                using var response = await _client.GetAsync(path, limit.Token);
                last = await response.Content.ReadAsStringAsync(limit.Token);
                if (response.IsSuccessStatusCode && JsonSerializer.Deserialize<JsonElement>(last) is var answer && condition(answer))
                {
                    return answer;
                }

                await tick.WaitForNextTickAsync(limit.Token);
            }
        }
        catch (OperationCanceledException e) when (!Cancel.IsCancellationRequested)
        {
            throw new TimeoutException($"GET {path} never became what was expected; the last answer: {last}", e);
        }
    }

    public void Dispose() => _client.Dispose();
}

/// <summary>What the platform answered.</summary>
internal sealed record RestAnswer(HttpStatusCode Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);

    public void ShouldBe(HttpStatusCode status) => Status.ShouldBe(status, Body);

    /// <summary>An error of SPEC A2: status, code, a message, and nothing of the platform's inside.</summary>
    public void ShouldBeError(int status, string code)
    {
        ((int)Status).ShouldBe(status, Body);
        var error = Json.EnumerateObject().ShouldHaveSingleItem();
        error.Name.ShouldBe("error");
        error.Value.EnumerateObject().Select(p => p.Name).ShouldBe(["code", "message"], Body);
        error.Value.Text("code").ShouldBe(code, Body);
        error.Value.Text("message").ShouldNotBeNullOrWhiteSpace();
        error.Value.Text("message")!.ShouldNotContain("   at EventMl", Case.Sensitive, "a stack trace left the platform");
    }
}

internal static class JsonReading
{
    public static string? Text(this JsonElement element, string name) => element.GetProperty(name).GetString();

    public static long Number(this JsonElement element, string name) => element.GetProperty(name).GetInt64();

    public static IEnumerable<string> Names(this JsonElement element) => element.EnumerateObject().Select(p => p.Name);

    /// <summary>UTC in RFC 3339, as SPEC A3 wants.</summary>
    public static DateTimeOffset Time(this JsonElement element, string name)
    {
        var text = element.Text(name)!;
        text.ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$");
        return element.GetProperty(name).GetDateTimeOffset();
    }

    public static JsonElement ShouldBeCompleted(this JsonElement task)
    {
        task.Text("status").ShouldBe("completed", task.ToString());
        return task;
    }

    public static string ShouldHaveFailed(this JsonElement task, string code)
    {
        task.Text("status").ShouldBe("failed", task.ToString());
        var error = task.GetProperty("error");
        error.Text("code").ShouldBe(code, task.ToString());
        return error.Text("message")!;
    }
}
