using System.Net.Http.Headers;
using EventMl.Contracts;
using EventMl.Web;
using Microsoft.AspNetCore.Http;

namespace EventMl.Serving.Predicting;

/// <summary>Passes a prediction on to the worker that runs the service.</summary>
internal sealed class PredictionForwarder : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = TimeSpan.FromSeconds(30) };

    public async Task<IResult> ForwardAsync(string endpoint, HttpContext http)
    {
        try
        {
            using var content = new StreamContent(http.Request.Body);
            content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json");
            using var response = await _client.PostAsync(new Uri($"{endpoint}/predict"), content, http.RequestAborted);
            return Results.Content(await response.Content.ReadAsStringAsync(http.RequestAborted), "application/json", System.Text.Encoding.UTF8, (int)response.StatusCode);
        }
        catch (HttpRequestException)
        {
            return ApiResults.Refused(new Refusal(ErrorCodes.Unavailable, $"The worker at {endpoint} does not answer; another takes over within seconds, then try again."));
        }
    }

    public void Dispose() => _client.Dispose();
}
