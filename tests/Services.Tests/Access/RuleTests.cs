using System.Net;
using EventMl.Bus;
using EventMl.Host.Hosting;
using EventMl.Services.Tests.Platform;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Services.Tests.Access;

/// <summary>Every address and every command says what it needs and holds to it; the list is the program's own, so that what is added is tested too.</summary>
[Collection(AccessTests.Name)]
public sealed class RuleTests(AccessFixture platform)
{
    private static readonly string[] _open = ["GET /health/live", "GET /health/ready", "GET /metrics", "GET /api/v1"];

    private static readonly Lazy<(IReadOnlyList<RouteEndpoint> Endpoints, IReadOnlyList<RegisteredCommand> Commands)> _program = new(Enumerate);

    public static TheoryData<string> Addresses => [.. _program.Value.Endpoints.Where(e => !e.IsOpen()).SelectMany(Names)];

    public static TheoryData<string> Commands => [.. _program.Value.Commands.Select(c => c.Command.Name)];

    [Fact]
    public void Addresses_are_open_only_where_that_is_meant() =>
        _program.Value.Endpoints.Where(e => e.IsOpen()).SelectMany(Names).Order(StringComparer.Ordinal).ShouldBe(_open.Order(StringComparer.Ordinal));

    [Fact]
    public void Program_is_enumerated()
    {
        Addresses.Count.ShouldBeGreaterThan(45);
        Commands.Count.ShouldBeGreaterThan(20);
    }

    [Theory]
    [MemberData(nameof(Addresses), DisableDiscoveryEnumeration = true)]
    public async Task Address_lets_in_who_has_the_role_and_nobody_with_less(string address)
    {
        var rule = _program.Value.Endpoints.Single(e => Names(e).Contains(address, StringComparer.Ordinal)).Rule();
        rule.ShouldNotBeNull($"{address} does not say what it needs; add .Needs(Role.…) where it is mapped");

        (await CallAsync(address, await platform.KeyAsync(rule.Role, rule.Area ?? "elsewhere"))).Status.ShouldNotBeOneOf(HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.ServiceUnavailable);
        (await CallAsync(address, null)).ShouldBeError(401, "UNAUTHENTICATED");
        if (rule.Area is not null)
        {
            var elsewhere = await CallAsync(address, await platform.KeyAsync(Role.Admin, "elsewhere"));
            elsewhere.ShouldBeError(403, "FORBIDDEN");
            elsewhere.Body.ShouldContain($"scope {rule.Area}");
        }

        if (rule.Role > Role.Viewer)
        {
            var lower = await CallAsync(address, await platform.KeyAsync(rule.Role - 1, rule.Area!));
            lower.ShouldBeError(403, "FORBIDDEN");
            lower.Body.ShouldContain($"role {rule.Role.Word()}");
        }
    }

    [Theory]
    [MemberData(nameof(Commands), DisableDiscoveryEnumeration = true)]
    public async Task Command_is_taken_from_who_has_the_role_and_from_nobody_with_less(string name)
    {
        var command = _program.Value.Commands.Single(c => c.Command.Name == name);
        command.Needs.ShouldBeOneOf(Enum.GetValues<Role>());
        var allowed = await platform.BusPrincipalAsync($"{command.Needs.Word()}-of-{command.Area}", command.Needs.Word(), command.Area);
        var denied = command.Needs > Role.Viewer
            ? await platform.BusPrincipalAsync($"{(command.Needs - 1).Word()}-of-{command.Area}", (command.Needs - 1).Word(), command.Area)
            : null;
        var elsewhere = await platform.BusPrincipalAsync("admin-of-elsewhere", "admin", "elsewhere");

        var taken = await platform.PublishAsync(command.Command, allowed);
        await Eventually.TrueAsync(async () => await IsHandledAsync(command, taken), $"{name} of {allowed} was handled");
        foreach (var principal in new[] { denied, elsewhere }.OfType<string>())
        {
            var refused = await platform.PublishAsync(command.Command, principal);
            await Eventually.TrueAsync(async () => await platform.DenialsAsync(principal, name) > 0, $"{name} of {principal} was denied");
            await Eventually.TrueAsync(async () => await IsHandledAsync(command, refused), $"{name} of {principal} was settled");
            (await CodeAsync(refused) ?? "FORBIDDEN").ShouldBe("FORBIDDEN");
        }

        (await platform.DenialsAsync(allowed, name)).ShouldBe(0);
        (await CodeAsync(taken)).ShouldNotBe("FORBIDDEN");
    }

    private Task<string?> CodeAsync(Guid message) => platform.Database.ScalarAsync<string?>(
        $"select max(data->>'Code') from ledger.mt_events where split_part(stream_id, '_refusal-', 2) = '{message:D}'", TestContext.Current.CancellationToken);

    private Task<bool> IsHandledAsync(RegisteredCommand command, Guid message) => platform.Database.ScalarAsync<bool>(
        $"select exists(select from {command.Area}.inbox where message_id = '{message}') or exists(select from monitoring.failure where message_id = '{message}')", TestContext.Current.CancellationToken);

    private async Task<RestAnswer> CallAsync(string address, string? key)
    {
        var (method, path) = (address.Split(' ')[0], address.Split(' ')[1]);
        using var client = new HttpClient { BaseAddress = platform.Rest.Address };
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method == "POST")
        {
            request.Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");
        }

        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        }

        // An answer that goes on for ever has said with its headers what is asked here.
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var body = response.IsSuccessStatusCode ? "" : await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new RestAnswer(response.StatusCode, body, new Dictionary<string, string>(StringComparer.Ordinal));
    }

    private static (IReadOnlyList<RouteEndpoint>, IReadOnlyList<RegisteredCommand>) Enumerate()
    {
        var app = PlatformHost.Build(AccessFixture.Described(Path.Combine(Path.GetTempPath(), "eventml-never-started")));
        var endpoints = ((IEndpointRouteBuilder)app).DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>().ToArray();
        return (endpoints, app.Services.GetRequiredService<BusRegistrations>().Commands);
    }

    private static IEnumerable<string> Names(RouteEndpoint endpoint)
    {
        var path = "/" + string.Join('/', endpoint.RoutePattern.PathSegments.Select(Segment));
        return (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(method => $"{method} {path}");
    }

    private static string Segment(RoutePatternPathSegment segment) => string.Concat(segment.Parts.Select(part => part switch
    {
        RoutePatternLiteralPart literal => literal.Content,
        RoutePatternParameterPart { ParameterPolicies.Count: > 0 } => "1",
        _ => "none",
    }));
}
