using System.Collections.Concurrent;

namespace EventMl.Serving.Running;

/// <summary>The services that run in this process, so that predictions need no second hop and a deletion stops them at once.</summary>
internal sealed class ServiceRegistry
{
    private readonly ConcurrentDictionary<string, RunningService> _services = new(StringComparer.Ordinal);

    public RunningService? Find(string serviceId) => _services.GetValueOrDefault(serviceId);

    public void Add(RunningService service) => _services[service.Id] = service;

    public void Remove(RunningService service) => _services.TryRemove(new KeyValuePair<string, RunningService>(service.Id, service));

    /// <summary>Stops a service that runs here; others stop theirs at the next heartbeat.</summary>
    public Task StopAsync(string serviceId) => Find(serviceId)?.StopAsync() ?? Task.CompletedTask;
}
