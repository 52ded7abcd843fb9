using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Serialization;
using EventMl.Contracts;

namespace EventMl.Testing;

/// <summary>One queue as the broker reports it; counts are refreshed by the broker every few seconds.</summary>
public sealed record BrokerQueue(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("type")] string? Type,
    [property: JsonPropertyName("durable")] bool Durable,
    [property: JsonPropertyName("messages")] long Messages,
    [property: JsonPropertyName("consumers")] int Consumers);

/// <summary>A fresh virtual host on RabbitMQ for one scenario, deleted on dispose with all its queues and exchanges.</summary>
public sealed class TestBroker : IAsyncDisposable
{
    private readonly HttpClient _management;

    private TestBroker(HttpClient management, Uri server, string virtualHost)
    {
        _management = management;
        VirtualHost = virtualHost;
        Address = new UriBuilder(server) { Path = virtualHost }.Uri;
    }

    /// <summary>The virtual host, unique on the broker.</summary>
    public string VirtualHost { get; }

    /// <summary>AMQP URI of the virtual host, with user and password.</summary>
    public Uri Address { get; }

    /// <summary>Creates an empty virtual host that the run's user may use freely.</summary>
    public static async Task<TestBroker> CreateAsync(CancellationToken cancellationToken = default)
    {
        var servers = await TestServers.AddressesAsync();
        var management = Connect(servers.RabbitMqManagement);
        var name = $"t-{Ids.New():n}";
        var broker = new TestBroker(management, servers.RabbitMq, name);
        try
        {
            await broker.PutAsync($"api/vhosts/{name}", new { }, cancellationToken);
            var user = Uri.UnescapeDataString(servers.RabbitMq.UserInfo.Split(':')[0]);
            await broker.PutAsync(
                $"api/permissions/{name}/{Uri.EscapeDataString(user)}", new { configure = ".*", write = ".*", read = ".*" }, cancellationToken);
            return broker;
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    /// <summary>Adds a user of this scenario and returns the AMQP URI with which it connects.</summary>
    public async Task<Uri> AddUserAsync(string name, string password, CancellationToken cancellationToken = default)
    {
        // Users are not part of a virtual host, so the name carries the scenario's own.
        var user = $"{VirtualHost}-{name}";
        await PutAsync($"api/users/{user}", new { password, tags = "" }, cancellationToken);
        await PutAsync($"api/permissions/{VirtualHost}/{user}", new { configure = ".*", write = ".*", read = ".*" }, cancellationToken);
        _users.Add(user);
        return new UriBuilder(Address) { UserName = user, Password = Uri.EscapeDataString(password) }.Uri;
    }

    /// <summary>Takes a user of this scenario away, with its connections; <see cref="AddUserAsync"/> brings it back.</summary>
    public async Task RemoveUserAsync(string name, CancellationToken cancellationToken = default)
    {
        await DeleteAsync($"api/users/{VirtualHost}-{name}", cancellationToken);
        await DropConnectionsAsync(cancellationToken);
    }

    private readonly List<string> _users = [];

    /// <summary>The queues of the virtual host.</summary>
    public async Task<IReadOnlyList<BrokerQueue>> QueuesAsync(CancellationToken cancellationToken = default) =>
        await _management.GetFromJsonAsync<BrokerQueue[]>($"api/queues/{VirtualHost}", cancellationToken) ?? [];

    /// <summary>Closes every connection to the virtual host, as a broker restart would.</summary>
    public async Task DropConnectionsAsync(CancellationToken cancellationToken = default)
    {
        var connections = await _management.GetFromJsonAsync<Connection[]>($"api/vhosts/{VirtualHost}/connections", cancellationToken) ?? [];
        foreach (var connection in connections)
            await DeleteAsync($"api/connections/{Uri.EscapeDataString(connection.Name)}", cancellationToken);
    }

    /// <summary>Deletes the virtual host, its connections, and the users added to it.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await DeleteAsync($"api/vhosts/{VirtualHost}", CancellationToken.None);
            foreach (var user in _users)
                await DeleteAsync($"api/users/{user}", CancellationToken.None);
        }
        finally
        {
            _management.Dispose();
        }
    }

    private static HttpClient Connect(Uri management)
    {
        var credentials = Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(management.UserInfo)));
        var client = new HttpClient { BaseAddress = new UriBuilder(management) { UserName = "", Password = "" }.Uri };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", credentials);
        return client;
    }

    private async Task PutAsync<T>(string path, T body, CancellationToken cancellationToken)
    {
        using var response = await _management.PutAsJsonAsync(path, body, cancellationToken);
        await ExpectSuccessAsync(response, cancellationToken);
    }

    private async Task DeleteAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await _management.DeleteAsync(path, cancellationToken);
        if (response.StatusCode != System.Net.HttpStatusCode.NotFound)
            await ExpectSuccessAsync(response, cancellationToken);
    }

    private static async Task ExpectSuccessAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException(
                $"RabbitMQ answered {(int)response.StatusCode} to {response.RequestMessage?.Method} {response.RequestMessage?.RequestUri}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
    }

    private sealed record Connection([property: JsonPropertyName("name")] string Name);
}
