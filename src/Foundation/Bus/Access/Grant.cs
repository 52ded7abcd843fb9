using EventMl.Contracts;

namespace EventMl.Bus;

/// <summary>What an endpoint or a command needs of its caller.</summary>
/// <param name="Role">The least role.</param>
/// <param name="Area">The area it belongs to, which the caller's scopes must hold; null where any will do.</param>
public sealed record AccessRule(Role Role, string? Area);

/// <summary>What one caller may do.</summary>
/// <param name="Principal">The principal whose rights these are; <c>anonymous</c> when nobody is vouched for.</param>
/// <param name="Role">Its role.</param>
/// <param name="Scopes">Areas the role holds in.</param>
public sealed record Grant(string Principal, Role Role, IReadOnlyList<string> Scopes)
{
    /// <summary>Name of callers that nobody vouches for.</summary>
    public const string Anonymous = "anonymous";

    /// <summary>The platform itself: its sagas and workers have been asked by somebody who was allowed to.</summary>
    public static Grant Platform { get; } = new("platform", Role.Admin, Bus.Scopes.All);

    /// <summary>No rights at all, for a principal that was revoked.</summary>
    public static Grant Nothing(string principal) => new(principal, Role.Viewer, []);

    /// <summary>Whether a rule is met.</summary>
    public bool Allows(AccessRule rule) => Role >= rule.Role && (rule.Area is null || Bus.Scopes.Contain(Scopes, rule.Area));

    /// <summary>Whether somebody with these rights may give that role in those areas away.</summary>
    public bool Covers(Role role, IReadOnlyList<string> scopes) => Role >= role && Bus.Scopes.Cover(Scopes, scopes);

    /// <summary>The refusal of what a rule does not allow; null when it does.</summary>
    public Refusal? Check(AccessRule rule) => Allows(rule) ? null : new Refusal(ErrorCodes.Forbidden, Role < rule.Role
        ? $"That needs the role {rule.Role.Word()}{In(rule.Area)}, and {Principal} is {Role.Word()}; ask an admin for it, or ask somebody who has it."
        : $"That needs the scope {rule.Area}{(rule.Area == Bus.Scopes.Every ? " (every area)" : "")}, and {Principal} has {(Scopes.Count == 0 ? "none" : string.Join(", ", Scopes))}; ask an admin for it.");

    private static string In(string? area) => area switch
    {
        null => "",
        Bus.Scopes.Every => " in every area",
        _ => $" in {area}",
    };
}

/// <summary>Streams that say who may do what.</summary>
public static class AccessStreams
{
    /// <summary>Category of principals.</summary>
    public const string Principal = "principal";

    /// <summary>Category of API keys.</summary>
    public const string ApiKey = "api_key";

    /// <summary>Category of denials.</summary>
    public const string Denial = "access_denial";

    /// <summary>Area whose database role appends to all of them.</summary>
    public const string Area = "access";
}
