using EventMl.Web.Metrics;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace EventMl.Web;

/// <summary>Starts metrics and traces with the process and flushes them at its end; no hosting package restores, so the providers are built here.</summary>
internal sealed class Telemetry(WebOptions options, MetricsCollector metrics) : IHostedService
{
    private TracerProvider? _traces;
    private MeterProvider? _meters;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.Start();
        var endpoint = string.IsNullOrEmpty(options.OtlpEndpoint) ? null : new Uri(options.OtlpEndpoint);
        var resource = ResourceBuilder.CreateDefault().AddService(options.ServiceName);
        var traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource("Microsoft.AspNetCore", "System.Net.Http", "Npgsql", "MassTransit", "EventMl.*")
            // Ids must flow into the ledger also where nobody collects spans; recording them would be work for nothing.
            .SetSampler(endpoint is null ? new AlwaysOffSampler() : new ParentBasedSampler(new AlwaysOnSampler()));
        if (endpoint is not null)
        {
            traces.AddOtlpExporter((OtlpExporterOptions otlp) => otlp.Endpoint = endpoint);
            _meters = Sdk.CreateMeterProviderBuilder()
                .SetResourceBuilder(resource)
                .AddMeter(MetricsCollector.Meters)
                .AddOtlpExporter((OtlpExporterOptions otlp) => otlp.Endpoint = endpoint)
                .Build();
        }

        _traces = traces.Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _traces?.Dispose();
        _meters?.Dispose();
        return Task.CompletedTask;
    }
}
