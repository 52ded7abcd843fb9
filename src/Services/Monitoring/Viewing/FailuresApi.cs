using System.Text.Json;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Monitoring;
using EventMl.EventStore;
using EventMl.Monitoring.Redriving;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EventMl.Monitoring.Viewing;

/// <summary>Body of a retry of one failure; all but the reason changes the message.</summary>
internal sealed record RetryRequest(string? Reason, string? Body, string? BodyBase64, string? ContentType, JsonElement? Headers);

/// <summary>Body of every other decision.</summary>
internal sealed record ReasonRequest(string? Reason);

/// <summary>How many failures were decided on.</summary>
internal sealed record DecidedAnswer(int Count);

/// <summary><c>/failures</c>.</summary>
internal static class FailuresApi
{
    public static void MapFailures(this IEndpointRouteBuilder api)
    {
        var failures = api.MapGroup("/failures");
        failures.MapGet("", ListAsync).Needs(Role.Viewer);
        failures.MapGet("/groups", GroupsAsync).Needs(Role.Viewer);
        failures.MapGet("/{id}", GetAsync).Needs(Role.Viewer);
        failures.MapPost("/{id}/retry", RetryAsync).Needs(Role.Developer);
        failures.MapPost("/{id}/discard", DiscardAsync).Needs(Role.Developer);
        failures.MapPost("/groups/{group}/retry", (string group, ReasonRequest request, HttpContext http, CommandDoor door, Ledger ledger) =>
            ManyAsync(http, door, ledger.Now, before => new RetryFailures { Group = group, Reason = request.Reason, FailedBefore = before })).Needs(Role.Developer);
        failures.MapPost("/groups/{group}/discard", (string group, ReasonRequest request, HttpContext http, CommandDoor door, Ledger ledger) =>
            ManyAsync(http, door, ledger.Now, before => new DiscardFailures { Group = group, Reason = request.Reason, FailedBefore = before })).Needs(Role.Developer);
        failures.MapPost("/retry", (ReasonRequest request, HttpContext http, CommandDoor door, Ledger ledger) =>
            ManyAsync(http, door, ledger.Now, before => new RetryFailures { Reason = request.Reason, FailedBefore = before })).Needs(Role.Developer);
    }

    private static Task<IResult> ListAsync(string? state, string? queue, string? group, Page page, HttpContext http, FailureReader reader) => Unknown(state) is { } refusal
        ? Task.FromResult(refusal)
        : page.AnswerAsync((limit, token) => reader.ListAsync(new FailureFilter(state, queue, group), limit, token, http.RequestAborted));

    private static Task<IResult> GroupsAsync(string? state, Page page, HttpContext http, FailureReader reader) => Unknown(state) is { } refusal
        ? Task.FromResult(refusal)
        : page.AnswerAsync((limit, token) => reader.GroupsAsync(state ?? FailureState.Failed, limit, token, http.RequestAborted));

    private static async Task<IResult> GetAsync(string id, HttpContext http, FailureReader reader) =>
        await reader.GetAsync(id, http.RequestAborted) is { } failure ? ApiResults.Ok(failure) : ApiResults.Refused(Wish.NotFound(id));

    private static Task<IResult> RetryAsync(string id, RetryRequest request, HttpContext http, CommandDoor door, FailureReader reader) => OneAsync(
        id,
        new RetryFailure { FailureId = id, Reason = request.Reason, Body = request.Body, BodyBase64 = request.BodyBase64, ContentType = request.ContentType, Headers = request.Headers },
        http, door, reader);

    private static Task<IResult> DiscardAsync(string id, ReasonRequest request, HttpContext http, CommandDoor door, FailureReader reader) =>
        OneAsync(id, new DiscardFailure { FailureId = id, Reason = request.Reason }, http, door, reader);

    private static async Task<IResult> OneAsync<TCommand>(string id, TCommand command, HttpContext http, CommandDoor door, FailureReader reader)
        where TCommand : class
    {
        var result = await door.ExecuteAsync(command, http.GetDoorCall(), http.RequestAborted);
        return result.Refusal is { } refusal ? ApiResults.Refused(refusal) : ApiResults.Ok((await reader.GetAsync(id, http.RequestAborted))!);
    }

    /// <summary>Repeats a command until nothing is left that had failed before it began; what fails again meanwhile is not caught twice.</summary>
    private static async Task<IResult> ManyAsync<TCommand>(HttpContext http, CommandDoor door, DateTimeOffset began, Func<DateTimeOffset, TCommand> command)
        where TCommand : class
    {
        var call = http.GetDoorCall();
        for (var count = 0; ;)
        {
            var result = await door.ExecuteAsync(command(began), call, http.RequestAborted);
            if (result.Refusal is { } refusal)
            {
                return ApiResults.Refused(refusal);
            }

            var decided = (ManyDecided)result.Value!;
            count += decided.Count;
            if (!decided.MayBeMore)
            {
                return ApiResults.Ok(new DecidedAnswer(count));
            }
        }
    }

    private static IResult? Unknown(string? state) => state is null || FailureState.All.Contains(state, StringComparer.Ordinal)
        ? null
        : ApiResults.Error(ErrorCodes.InvalidRequest, $"'state' must be one of: {string.Join(", ", FailureState.All)}.");
}
