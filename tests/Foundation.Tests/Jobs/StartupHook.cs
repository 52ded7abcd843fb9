using EventMl.Foundation.Tests.Jobs;
using EventMl.Jobs.Scripts;
using Microsoft.Extensions.Logging.Abstractions;

/// <summary>Turns the test program into a small host that runs one script, so that the host can be killed.</summary>
// The runtime looks for this name without a namespace.
#pragma warning disable MA0047
internal static class StartupHook
#pragma warning restore MA0047
{
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable("EVENTML_TEST_HOST_STATE") is not { Length: > 0 } state)
        {
            return;
        }

        // A child that reads nothing and catches what can be caught: only the kernel can end it.
        var script = Path.Combine(state, "stubborn.sh");
        File.WriteAllText(script, $"#!/bin/bash\ntrap '' TERM HUP INT PIPE\necho $$ > {state}/child.started\nwhile true; do read -r -t 60 < <(:) || read -r -t 60 <> <(:); done\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var process = new ScriptProcess(new ScriptOptions { StatePath = state }, TimeProvider.System, NullLogger<ScriptProcess>.Instance);
        process.RunAsync(
            new ScriptCommand
            {
                FileName = script,
                Request = new ScriptRequest
                {
                    TaskId = Path.GetFileName(state), Attempt = 1, InputPath = "/", OutputPath = state + "/output", CheckpointPath = state + "/checkpoint", WorkPath = state + "/work",
                },
            },
            _ => Task.CompletedTask,
            Eventually.Limit,
            CancellationToken.None).GetAwaiter().GetResult();
    }
}
