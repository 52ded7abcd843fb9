namespace EventMl.Contracts.Access;

/// <summary>A principal wanted something that its role or scopes do not allow; more of the same are counted.</summary>
/// <param name="Principal">Who; <c>anonymous</c> for callers without a key.</param>
/// <param name="Action">The command, or the method and pattern of the address.</param>
/// <param name="Area">The area of the action.</param>
/// <param name="RoleNeeded">The least role for it.</param>
/// <param name="RoleHeld">The role that the caller has.</param>
/// <param name="Door">Where it was denied: <c>rest</c> or <c>bus</c>.</param>
/// <param name="DeniedAt">When.</param>
public sealed record AccessDenied(string Principal, string Action, string Area, string RoleNeeded, string RoleHeld, string Door, DateTimeOffset DeniedAt);

/// <summary>The same was denied again, that many times since it was last told.</summary>
/// <param name="Principal">Who.</param>
/// <param name="Action">The command, or the method and pattern of the address.</param>
/// <param name="Count">How often, without what was told before.</param>
/// <param name="Since">The first of them.</param>
/// <param name="Until">The last of them.</param>
public sealed record DenialsCounted(string Principal, string Action, long Count, DateTimeOffset Since, DateTimeOffset Until);
