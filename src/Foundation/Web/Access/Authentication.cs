using System.Text.RegularExpressions;
using EventMl.Bus;
using EventMl.Contracts;
using Microsoft.AspNetCore.Http;

namespace EventMl.Web;

/// <summary>Finds out who makes a request: the owner of a key, or somebody on this machine.</summary>
internal sealed partial class Authentication(AccessOptions options, AccessDirectory? directory)
{
    private const string Scheme = "Bearer ";
    private const string NoKeysHere = "This process cannot check keys; ask the one that answers for the area.";

    /// <summary>Completes when it is known who may do what; a process without a directory knows nobody but local callers.</summary>
    public Task Ready => directory?.Ready ?? Task.CompletedTask;

    /// <summary>The caller, or the answer that it gets instead.</summary>
    public (KnownCaller? Caller, Refusal? Refusal) Identify(HttpContext context)
    {
        var authorization = context.Request.Headers.Authorization.ToString();
        var actor = context.Request.Headers["Actor"].ToString();
        return authorization.Length == 0 ? WithoutKey(context, actor) : WithKey(authorization, actor);
    }

    private (KnownCaller?, Refusal?) WithKey(string authorization, string actor)
    {
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return Nobody("The header 'Authorization' must be 'Bearer eml_…', with a key of this platform.");
        }

        if (directory is null)
        {
            return (null, new Refusal(ErrorCodes.Unavailable, NoKeysHere));
        }

        var check = directory.Check(authorization[Scheme.Length..].Trim());
        return check.Grant is not { } grant ? Nobody(check.Problem!)
            : actor.Length > 0 && actor != grant.Principal ? (null, new Refusal(ErrorCodes.Forbidden, $"This is a key of {grant.Principal}, and the header 'Actor' says another name; leave the header out."))
            : (new KnownCaller(grant.Principal, grant, check.KeyId, check.ExpiresAt), null);
    }

    private (KnownCaller?, Refusal?) WithoutKey(HttpContext context, string actor)
    {
        if (!context.IsLocal())
        {
            return Nobody("Calls from other machines need a key: send the header 'Authorization: Bearer eml_…'. An admin makes one with: eventml access keys create.");
        }

        if (options.AnonymousRole is not { } role)
        {
            return Nobody("Calls need a key here: send the header 'Authorization: Bearer eml_…'. An admin makes one with: eventml access keys create.");
        }

        if (actor.Length > 0 && !Name().IsMatch(actor))
        {
            throw new BadHttpRequestException("The header 'Actor' may hold a name of letters, digits, '.', '_', '@' and '-', at most 100.");
        }

        return directory?.Knows(actor) == true
            ? Nobody($"'{actor}' is a principal; call with one of its keys, or leave the header 'Actor' out.")
            : (new KnownCaller(actor.Length == 0 ? Grant.Anonymous : actor, new Grant(Grant.Anonymous, role, Scopes.All), null, null), null);
    }

    private static (KnownCaller?, Refusal?) Nobody(string why) => (null, new Refusal(ErrorCodes.Unauthenticated, why));

    [GeneratedRegex(@"^[\p{L}\p{Nd}._@-]{1,100}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();
}
