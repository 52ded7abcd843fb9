using System.ComponentModel.DataAnnotations;
using System.Net;
using EventMl.Web.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace EventMl.Web;

/// <summary>How this process listens.</summary>
public sealed record WebOptions
{
    /// <summary>Addresses to listen on, as in ASPNETCORE_URLS. The default is loopback, port 8080.</summary>
    [MinLength(1, ErrorMessage = "At least one address to listen on is needed, for example http://127.0.0.1:8080.")]
    public IReadOnlyList<string> Urls { get; init; } = ["http://127.0.0.1:8080"];

    /// <summary>Largest request body in bytes. The default is 10 MiB.</summary>
    [Range(1024, 10L * 1024 * 1024 * 1024)]
    public long MaxBodyBytes { get; init; } = 10 * 1024 * 1024;

    /// <summary>Where traces and metrics go by OTLP; nowhere when absent. The default is OTEL_EXPORTER_OTLP_ENDPOINT.</summary>
    public string? OtlpEndpoint { get; init; } = Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT");

    /// <summary>Name of this process in traces. The default is <c>eventml</c>.</summary>
    [Required]
    public string ServiceName { get; init; } = "eventml";
}

/// <summary>What every host shares: JSON, error shape, health, telemetry.</summary>
public static class WebSetup
{
    /// <summary>Adds the shared parts; health checks are added with <c>builder.Services.AddHealthChecks().AddCheck(name, …)</c>.</summary>
    /// <exception cref="ValidationException">An option is not allowed.</exception>
    public static WebApplicationBuilder AddEventMlWeb(this WebApplicationBuilder builder, WebOptions? options = null)
    {
        options ??= new WebOptions();
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        if (!string.IsNullOrEmpty(options.OtlpEndpoint) && !Uri.TryCreate(options.OtlpEndpoint, UriKind.Absolute, out _))
        {
            throw new ValidationException($"OTEL_EXPORTER_OTLP_ENDPOINT must be an address like http://127.0.0.1:4317, not '{options.OtlpEndpoint}'.");
        }

        // Else every request writes several lines, and what matters is not found among them.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.WebHost.UseUrls([.. options.Urls]);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
        });
        builder.Services.AddSingleton(options);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.ConfigureHttpJsonOptions(json => WebJson.Apply(json.SerializerOptions));
        // Else a body that cannot be read is answered 400 without a word.
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.AddHealthChecks();
        builder.Services.AddSingleton<MetricsCollector>();
        builder.Services.AddHostedService<Telemetry>();
        return builder;
    }

    /// <summary>Puts the error shape around everything that follows, lets through who may, and maps <c>/health/live</c>, <c>/health/ready</c> and <c>/metrics</c>.</summary>
    public static WebApplication UseEventMlWeb(this WebApplication app)
    {
        app.UseMiddleware<ApiErrors>();
        app.UseRouting();
        app.UseMiddleware<AccessGate>();
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false, ResponseWriter = WriteHealthAsync }).Open();
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { ResponseWriter = WriteHealthAsync }).Open();
        app.MapGet("/metrics", (HttpContext context, MetricsCollector metrics) =>
        {
            context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
            return context.Response.WriteAsync(metrics.Collect(), context.RequestAborted);
        }).ExcludeFromDescription().Open();
        ApiList.Map(app);
        return app;
    }

    private static Task WriteHealthAsync(HttpContext context, HealthReport report) => context.Response.WriteAsJsonAsync(
        new HealthAnswer(Word(report.Status), report.Entries.ToDictionary(e => e.Key, e => new CheckAnswer(Word(e.Value.Status), e.Value.Description), StringComparer.Ordinal)),
        WebJson.Options,
        context.RequestAborted);

    private static string Word(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };

    private sealed record HealthAnswer(string Status, IReadOnlyDictionary<string, CheckAnswer> Checks);

    private sealed record CheckAnswer(string Status, string? Description);
}
