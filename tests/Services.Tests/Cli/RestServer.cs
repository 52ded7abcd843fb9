using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace EventMl.Services.Tests.Cli;

/// <summary>A Kestrel server on a free port that answers as a test says and remembers what was asked.</summary>
internal sealed class RestServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RestServer(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    /// <summary>Every request as <c>METHOD /path?query body</c>, in order.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public static async Task<RestServer> StartAsync(Func<HttpContext, string, Task> answer, string url = "http://127.0.0.1:0")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        var server = new RestServer(builder.Build());
        server._app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync(context.RequestAborted);
            var path = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
            server.Requests.Enqueue($"{context.Request.Method} {path} {body}".TrimEnd());
            await answer(context, path);
        });
        await server._app.StartAsync();
        return server;
    }

    /// <summary>A server that gives every request the same answer.</summary>
    public static Task<RestServer> AnsweringAsync(int status, string body, string contentType = "application/json") =>
        StartAsync((context, _) => WriteAsync(context, body, status, contentType));

    public static Task WriteAsync(HttpContext context, string body, int status = 200, string contentType = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        return body.Length == 0 ? Task.CompletedTask : context.Response.WriteAsync(body);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
