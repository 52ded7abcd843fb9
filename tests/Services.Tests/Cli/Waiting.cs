namespace EventMl.Services.Tests.Cli;

internal static class Waiting
{
    /// <summary>Ends when the token is cancelled.</summary>
    public static async Task WhenCancelledAsync(this CancellationToken token)
    {
        var cancelled = new TaskCompletionSource();
        await using var registration = token.Register(cancelled.SetResult);
        await cancelled.Task;
    }
}
