using EventMl.Bus;
using EventMl.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EventMl.Web;

/// <summary>Lets a request through to its address when its caller may make it; nobody passes before it is known who may do what.</summary>
internal sealed class AccessGate(RequestDelegate next, IServiceProvider services, TimeProvider clock, ILogger<AccessGate> log)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(1);
    private readonly AccessDirectory? _directory = services.GetService<AccessDirectory>();
    private readonly DenialLog? _denials = services.GetService<DenialLog>();
    private readonly Authentication _authentication = new(services.GetService<AccessOptions>() ?? new AccessOptions(), services.GetService<AccessDirectory>());
    private long _loggedAt;

    public async Task InvokeAsync(HttpContext context)
    {
        // What is no address of ours (405, 415) tells nothing.
        if (context.GetEndpoint() is not RouteEndpoint endpoint || endpoint.IsOpen())
        {
            await next(context);
            return;
        }

        if (!await IsReadyAsync(context.RequestAborted))
        {
            context.Response.Headers.RetryAfter = "1";
            await AnswerAsync(context, new Refusal(ErrorCodes.Unavailable, "It is not known yet who may do what; try again in a second."));
            return;
        }

        var (caller, refusal) = _authentication.Identify(context);
        if (caller is null)
        {
            Unauthenticated(context, refusal!);
            await AnswerAsync(context, refusal!);
            return;
        }

        // Nobody said what it needs, so that it must be as much as there is.
        var rule = endpoint.Rule() ?? new AccessRule(Role.Admin, null);
        if (caller.Grant.Check(rule) is { } forbidden)
        {
            _denials?.Note(caller.Grant, rule, $"{context.Request.Method} /{endpoint.RoutePattern.RawText?.Trim('/')}", Doors.Rest);
            await AnswerAsync(context, forbidden);
            return;
        }

        context.Features.Set(caller);
        await WatchedAsync(context, next(context), caller);
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        if (!_authentication.Ready.IsCompleted)
        {
            await _authentication.Ready.WaitAsync(LongestWait, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return _authentication.Ready.IsCompletedSuccessfully;
    }

    /// <summary>Ends an answer that goes on, such as the stream of events, when the key it was asked for with is revoked or expires.</summary>
    private async Task WatchedAsync(HttpContext context, Task work, KnownCaller caller)
    {
        while (!work.IsCompleted && caller.KeyId is { } key && _directory is not null)
        {
            var changed = _directory.Changed;
            if (!_directory.IsGood(key))
            {
                // Whoever revokes the key it came with still gets its answer.
                await Task.WhenAny(work, Task.Delay(LongestAnswer, clock, CancellationToken.None));
                if (!work.IsCompleted)
                {
                    context.Abort();
                }

                break;
            }

            using var over = new CancellationTokenSource();
            await Task.WhenAny(work, changed, caller.KeyExpiresAt is { } end ? ExpiryAsync(end, over.Token) : changed);
            await over.CancelAsync();
        }

        await work;
    }

    private Task ExpiryAsync(DateTimeOffset end, CancellationToken cancellationToken)
    {
        // Timers cannot be longer than some weeks; after a day it is looked again.
        var left = end - clock.GetUtcNow();
        return Task.Delay(left < TimeSpan.Zero ? TimeSpan.Zero : left < TimeSpan.FromDays(1) ? left : TimeSpan.FromDays(1), clock, cancellationToken);
    }

    // A guesser in a loop must not fill the log either.
    private void Unauthenticated(HttpContext context, Refusal refusal)
    {
        DenialLog.NoteUnauthenticated(Doors.Rest);
        var (now, last) = (clock.GetTimestamp(), Interlocked.Read(ref _loggedAt));
        if ((last == 0 || clock.GetElapsedTime(last, now) >= LongestWait) && Interlocked.CompareExchange(ref _loggedAt, now, last) == last)
        {
            log.LogWarning("{Method} {Path} from {Address} was not let in: {Reason}", context.Request.Method, context.Request.Path, context.Connection.RemoteIpAddress, refusal.Message);
        }
    }

    private static Task AnswerAsync(HttpContext context, Refusal refusal)
    {
        if (refusal.Code == ErrorCodes.Unauthenticated)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        return ApiResults.Refused(refusal).ExecuteAsync(context);
    }
}
