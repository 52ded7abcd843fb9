using System.Net;
using EventMl.Serving.Predicting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace EventMl.Serving.Running;

/// <summary>One service: its model and the listener of its own that answers for it.</summary>
internal sealed class RunningService : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly CancellationTokenSource _stopped = new();

    private RunningService(string id, RunningModel model, WebApplication app, int port)
    {
        (Id, Model, _app, Port) = (id, model, app, port);
    }

    public string Id { get; }

    public RunningModel Model { get; }

    public int Port { get; }

    public string Endpoint => $"http://localhost:{Port}";

    /// <summary>Fires when the service was asked to stop.</summary>
    public CancellationToken Stopped => _stopped.Token;

    /// <summary>Listens on loopback; port 0 takes a free one.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<RunningService> StartAsync(string id, RunningModel model, int port, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, o => o.Protocols = HttpProtocols.Http1));
        var app = builder.Build();
        try
        {
            app.MapGet("/health/ready", () => Results.Text("ready"));
            app.MapTensorFlowServing(model);
            app.MapImagePrediction(model);
            await app.StartAsync(cancellationToken);
            return new RunningService(id, model, app, new Uri(app.Urls.First()).Port);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks the service to stop.</summary>
    public Task StopAsync() => _stopped.CancelAsync();

    /// <summary>Finishes the requests that are running, frees the port, then the model.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Model.Dispose();
        _stopped.Dispose();
    }
}
