using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Access;
using EventMl.EventStore;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EventMl.Access.Viewing;

/// <summary>Body of a request for a key; the platform makes the secret.</summary>
internal sealed record KeyRequest(string? Principal, string? Role, IReadOnlyList<string>? Scopes, DateTimeOffset? ExpiresAt);

/// <summary>Body of every revocation.</summary>
internal sealed record RevokeRequest(string? Reason);

/// <summary>A new key with its secret, which nobody can see again.</summary>
internal sealed record IssuedAnswer(string Id, string Principal, string Role, IReadOnlyList<string> Scopes, DateTimeOffset IssuedAt, DateTimeOffset? ExpiresAt, string Key);

/// <summary>Who asks, as the platform knows it.</summary>
internal sealed record WhoAnswer(string Actor, string? Principal, string Role, IReadOnlyList<string> Scopes, string? KeyId, DateTimeOffset? KeyExpiresAt);

/// <summary><c>/access</c>.</summary>
internal static class AccessApi
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    public static void MapAccessResources(this IEndpointRouteBuilder api)
    {
        var access = api.MapGroup("/access");
        access.MapGet("/whoami", WhoAmI).NeedsAnyRole();
        access.MapGet("/principals", ListPrincipalsAsync).Needs(Role.Admin);
        access.MapPost("/principals", GrantAsync).Needs(Role.Admin);
        access.MapGet("/principals/{id}", GetPrincipalAsync).Needs(Role.Admin);
        access.MapPost("/principals/{id}/revoke", RevokePrincipalAsync).Needs(Role.Admin);
        access.MapGet("/keys", ListKeysAsync).Needs(Role.Admin);
        access.MapPost("/keys", IssueAsync).Needs(Role.Admin);
        access.MapGet("/keys/{id}", GetKeyAsync).Needs(Role.Admin);
        access.MapPost("/keys/{id}/revoke", RevokeKeyAsync).Needs(Role.Admin);
    }

    private static IResult WhoAmI(HttpContext http)
    {
        var (actor, grant, keyId, expiresAt) = http.GetCaller();
        return ApiResults.Ok(new WhoAnswer(actor, keyId is null ? null : grant.Principal, grant.Role.Word(), grant.Scopes, keyId, expiresAt));
    }

    private static Task<IResult> ListPrincipalsAsync(Page page, AsOf asOf, HttpContext http, PrincipalView view) => page.AnswerAsync<PrincipalRow>(async (limit, token) =>
    {
        var (rows, next) = await asOf.Of(view).ListAsync(limit, token, http.RequestAborted);
        return ([.. rows.Select(r => r.Row)], next);
    });

    private static Task<IResult> ListKeysAsync(Page page, AsOf asOf, HttpContext http, ApiKeyView view, Ledger ledger) => page.AnswerAsync<ApiKeyRow>(async (limit, token) =>
    {
        var (rows, next) = await asOf.Of(view).ListAsync(limit, token, http.RequestAborted);
        return ([.. rows.Select(r => asOf.IsNow ? r.Row.At(ledger.Now) : r.Row)], next);
    });

    private static async Task<IResult> GetPrincipalAsync(string id, AsOf asOf, HttpContext http, PrincipalView view) =>
        await asOf.Of(view).GetAsync(id, http.RequestAborted) is { } found
            ? ApiResults.Versioned(http, found.Version, found.Row)
            : ApiResults.Error(ErrorCodes.PrincipalNotFound, $"There is no principal '{id}'; list the principals to find its name.");

    private static async Task<IResult> GetKeyAsync(string id, AsOf asOf, HttpContext http, ApiKeyView view, Ledger ledger) =>
        await asOf.Of(view).GetAsync(id, http.RequestAborted) is { } found
            ? ApiResults.Ok(asOf.IsNow ? found.Row.At(ledger.Now) : found.Row)
            : ApiResults.Error(ErrorCodes.KeyNotFound, $"There is no key '{id}'; list the keys to find its id.");

    private static async Task<IResult> GrantAsync(GrantPrincipal command, HttpContext http, CommandDoor door, PrincipalView view, AccessDirectory directory)
    {
        var result = await door.ExecuteAsync(command, http.GetDoorCall(), http.RequestAborted);
        if (result.Refusal is { } refusal)
        {
            return ApiResults.Refused(refusal);
        }

        var row = (await view.GetAsync((string)result.Value!, http.RequestAborted))!.Row;
        await directory.UntilAsync(() => directory.OfPrincipal(row.Principal)?.Role.Word() == row.Role, http.RequestAborted);
        return ApiResults.Created($"{http.Request.Path}/{Uri.EscapeDataString(row.Principal)}", row);
    }

    private static async Task<IResult> IssueAsync(KeyRequest request, HttpContext http, CommandDoor door, ApiKeyView view, AccessDirectory directory)
    {
        var secret = ApiKeySecret.Create("");
        var command = new IssueApiKey { Principal = request.Principal, Role = request.Role, Scopes = request.Scopes, ExpiresAt = request.ExpiresAt, SecretSha256 = secret.Sha256 };
        var result = await door.ExecuteAsync(command, http.GetDoorCall(), http.RequestAborted);
        if (result.Refusal is { } refusal)
        {
            return ApiResults.Refused(refusal);
        }

        var row = (await view.GetAsync((string)result.Value!, http.RequestAborted))!.Row;
        var key = (secret with { KeyId = row.Id }).Reveal();
        await directory.UntilAsync(() => directory.IsGood(row.Id), http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        return ApiResults.Created($"{http.Request.Path}/{row.Id}", new IssuedAnswer(row.Id, row.Principal, row.Role, row.Scopes, row.IssuedAt, row.ExpiresAt, key));
    }

    private static async Task<IResult> RevokePrincipalAsync(string id, RevokeRequest request, HttpContext http, CommandDoor door, PrincipalView view, AccessDirectory directory)
    {
        var result = await door.ExecuteAsync(new RevokePrincipal { Principal = id, Reason = request.Reason }, http.GetDoorCall(), http.RequestAborted);
        if (result.Refusal is { } refusal)
        {
            return ApiResults.Refused(refusal);
        }

        await directory.UntilAsync(() => directory.OfPrincipal(id) is null, http.RequestAborted);
        return ApiResults.Ok((await view.GetAsync(id, http.RequestAborted))!.Row);
    }

    private static async Task<IResult> RevokeKeyAsync(string id, RevokeRequest request, HttpContext http, CommandDoor door, ApiKeyView view, AccessDirectory directory)
    {
        var result = await door.ExecuteAsync(new RevokeApiKey { KeyId = id, Reason = request.Reason }, http.GetDoorCall(), http.RequestAborted);
        if (result.Refusal is { } refusal)
        {
            return ApiResults.Refused(refusal);
        }

        await directory.UntilAsync(() => !directory.IsGood(id), http.RequestAborted);
        return ApiResults.Ok((await view.GetAsync(id, http.RequestAborted))!.Row);
    }

    /// <summary>What was decided holds in this process when the answer goes out, or after a short time where the sequencer is slow; the others follow.</summary>
    private static async Task UntilAsync(this AccessDirectory directory, Func<bool> condition, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LongestWait);
        while (!limit.IsCancellationRequested)
        {
            var changed = directory.Changed;
            if (condition())
            {
                return;
            }

            await changed.WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
