using System.Text.RegularExpressions;
using EventMl.Bus;
using EventMl.Contracts;

namespace EventMl.Access;

/// <summary>What is checked of every command here; each answers null or the refusal.</summary>
internal static partial class Wish
{
    private const int MaxReason = 1000;

    // What the ledger calls callers that are no principals.
    private static readonly string[] _reserved = [Grant.Anonymous, Grant.Platform.Principal, "saga", "worker"];

    public static Refusal Invalid(string message) => new(ErrorCodes.InvalidRequest, message);

    public static Refusal? Principal(string? name) =>
        string.IsNullOrEmpty(name) ? Invalid("'principal' is missing; give a name such as \"ann\" or \"nightly-training\".")
        : !PrincipalName().IsMatch(name) ? Invalid("'principal' must be 1 to 100 letters from A to Z, digits, '.', '_', '@' or '-'.")
        : _reserved.Contains(name, StringComparer.OrdinalIgnoreCase) ? Invalid($"'{name}' is the platform's own word; use another name.")
        : null;

    public static Refusal? Role(string? role) => Roles.Parse(role) is null ? Invalid($"'role' must be one of: {string.Join(", ", Roles.Words)}.") : null;

    public static Refusal? Areas(IReadOnlyList<string> scopes) =>
        Scopes.AreWellFormed(scopes) ? null : Invalid("'scopes' must be areas such as \"training\" and \"models\", at most 50, or \"*\" for all.");

    public static Refusal? BrokerUsers(IReadOnlyList<string> users, string? ownUser) =>
        users.Count > 50 || users.Any(u => string.IsNullOrWhiteSpace(u) || u.Length > 255 || u.Any(char.IsControl)) ? Invalid("'broker_users' must be at most 50 names of accounts on the broker.")
        : users.Distinct(StringComparer.Ordinal).Count() < users.Count ? Invalid("'broker_users' has a name twice.")
        : ownUser is not null && users.Contains(ownUser, StringComparer.Ordinal) ? Invalid($"'{ownUser}' is the platform's own account on the broker, which speaks for everybody; make an account for this principal.")
        : null;

    public static Refusal? KeyId(string? id) => id is null || KeyName().IsMatch(id) ? null : Invalid("'key_id' must be \"key-\" and 32 digits from 0 to f.");

    public static Refusal? Secret(string? sha256) => sha256 is not null && Sha256().IsMatch(sha256) ? null : Invalid("'secret_sha256' must be the SHA-256 of the secret's 32 random bytes, 64 digits from 0 to f.");

    public static Refusal? Expiry(DateTimeOffset? end, DateTimeOffset now) => end <= now ? Invalid("'expires_at' has passed; give an instant of the future, or leave it out.") : null;

    public static Refusal? Reason(string? reason) =>
        string.IsNullOrWhiteSpace(reason) ? Invalid("'reason' is missing; say why, the ledger keeps it.")
        : reason.Length > MaxReason ? Invalid($"'reason' may hold at most {MaxReason} characters.")
        : null;

    /// <summary>Nobody gives away more than it has.</summary>
    public static Refusal? Covered(Grant by, Role role, IReadOnlyList<string> scopes) => by.Covers(role, scopes)
        ? null
        : new Refusal(ErrorCodes.Forbidden, $"{by.Principal} is {by.Role.Word()} of {string.Join(", ", by.Scopes)} and cannot decide on the rights of {role.Word()} of {string.Join(", ", scopes)}; ask somebody who has them.");

    [GeneratedRegex("^[A-Za-z0-9._@-]{1,100}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PrincipalName();

    [GeneratedRegex("^key-[0-9a-f]{32}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex KeyName();

    [GeneratedRegex("^[0-9a-f]{64}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Sha256();
}
