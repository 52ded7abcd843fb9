using System.ComponentModel.DataAnnotations;
using EventMl.Bus;
using EventMl.EventStore;
using EventMl.EventStore.Proof;
using EventMl.Lake;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EventMl.Host.Hosting;

/// <summary>The host's command line: <c>[--areas A,B] [--urls URL] [--route AREA=URL]… [--declare | --rebuild VIEW|all | --admin-key NAME]</c>.</summary>
internal static class HostCommand
{
    private const string Usage = "usage: EventMl.Host [--areas A,B] [--urls URL] [--route AREA=URL]... [--declare | --rebuild VIEW|all | --admin-key NAME]";

    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            var options = Parse(args);
            var settings = HostSettings.Read(options.Areas, options.Urls, options.Routes);
            if (options.Declare)
            {
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
                await Declaration.RunAsync(settings, limit.Token);
                return 0;
            }

            if (options.Rebuild is { } view)
            {
                await Rebuilding.RunAsync(settings, view, CancellationToken.None);
                return 0;
            }

            if (options.AdminKey is { } principal)
            {
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
                Console.WriteLine(await FirstKey.IssueAsync(settings, principal, limit.Token));
                return 0;
            }

            await using var app = PlatformHost.Build(settings);
            await app.RunAsync();
            return 0;
        }
        catch (Exception e) when (e is ArgumentException or ValidationException or OptionsValidationException or LedgerSchemaException or LedgerConflictException or LedgerKeyException or QueueKindException or LakeException or NpgsqlException or IOException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"The host cannot work: {e.Message}");
            return 1;
        }
    }

    private static Options Parse(string[] args)
    {
        var options = new Options([], null, [], false, null, null);
        for (var i = 0; i < args.Length; i++)
        {
            options = args[i] switch
            {
                "--declare" => options with { Declare = true },
                "--rebuild" => options with { Rebuild = Value() },
                "--admin-key" => options with { AdminKey = Value() },
                "--areas" => options with { Areas = Value().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) },
                "--urls" => options with { Urls = Value() },
                "--route" => options with { Routes = [.. options.Routes, Value()] },
                var other => throw new ArgumentException($"'{other}' is not an option. {Usage}", nameof(args)),
            };

            string Value() => ++i < args.Length ? args[i] : throw new ArgumentException($"'{args[i - 1]}' needs a value. {Usage}", nameof(args));
        }

        return options;
    }

    private sealed record Options(IReadOnlyCollection<string> Areas, string? Urls, IReadOnlyCollection<string> Routes, bool Declare, string? Rebuild, string? AdminKey);
}
