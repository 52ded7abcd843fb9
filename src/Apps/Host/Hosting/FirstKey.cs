using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Access;

namespace EventMl.Host.Hosting;

/// <summary>Makes an admin with a key where nobody can ask for one over REST; whoever can start a host owns the database anyway.</summary>
internal static class FirstKey
{
    /// <summary>Grants the role and issues a key; returns it.</summary>
    /// <exception cref="ArgumentException">The name cannot be a principal's.</exception>
    public static async Task<string> IssueAsync(HostSettings settings, string principal, CancellationToken cancellationToken)
    {
        settings = settings with { Areas = new HashSet<string>([HostAreas.Access], StringComparer.Ordinal) };
        var services = new ServiceCollection();
        services.AddLogging();
        PlatformHost.AddAreas(services, settings);
        await using var provider = services.BuildServiceProvider();
        var door = provider.GetRequiredService<CommandDoor>();
        var call = new DoorCall { Actor = $"host:{Environment.UserName}", Grant = Grant.Platform, Door = Doors.Worker };
        Require(await door.ExecuteAsync(new GrantPrincipal { Principal = principal, Role = Role.Admin.Word() }, call, cancellationToken));
        var secret = ApiKeySecret.Create(Ids.New(ApiKeySecret.IdPrefix));
        Require(await door.ExecuteAsync(new IssueApiKey { KeyId = secret.KeyId, Principal = principal, SecretSha256 = secret.Sha256 }, call, cancellationToken));
        return secret.Reveal();
    }

    private static void Require(CommandResult result)
    {
        if (result.Refusal is { } refusal)
        {
            throw new ArgumentException(refusal.Message, nameof(result));
        }
    }
}
