using EventMl.Bus;
using EventMl.Web;

namespace EventMl.Host.Hosting;

/// <summary>Keeps a host from listening to other machines while nobody has a key for it; hosted services start before the doors open.</summary>
internal sealed class ListenGuard(HostSettings settings, AccessDirectory directory) : IHostedService
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var outside = settings.Urls.Split(';').FirstOrDefault(url => !Locality.IsLoopback(url));
        if (outside is null)
        {
            return;
        }

        await directory.Ready.WaitAsync(LongestWait, cancellationToken);
        if (!directory.HasAdminKey)
        {
            throw new ArgumentException(
                $"It shall listen on {outside}, which other machines can reach, and nobody has an admin key yet. Make one first: ./eventml admin-key NAME (or EventMl.Host --admin-key NAME) makes one for NAME and prints it once.", nameof(cancellationToken));
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
