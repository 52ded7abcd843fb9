using System.Diagnostics;
using EventMl.Testing;

namespace EventMl.Bench;

/// <summary>A PostgreSQL of the bench's own whose flushes take two milliseconds more, so that appends can only get fast by sharing them.</summary>
internal static class SlowDisk
{
    public static async Task<OwnServers> StartAsync()
    {
        var programs = Environment.GetEnvironmentVariable("EVENTML_POSTGRES_BIN") ?? "/usr/lib/postgresql/15/bin";
        var folder = Directory.CreateTempSubdirectory("eventml-slow-disk-").FullName;
        var library = Path.Combine(folder, "slow_fsync.so");
        await RunAsync("cc", "-shared", "-fPIC", "-O2", "-o", library, Path.Combine(TestServers.RepositoryRoot, "bench/slow_fsync.c"), "-ldl");
        foreach (var program in Directory.EnumerateFiles(programs).Where(p => Path.GetFileName(p) != "postgres"))
        {
            File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(program)), program);
        }

        var postgres = Path.Combine(folder, "postgres");
        await File.WriteAllTextAsync(postgres, $"#!/bin/sh\nLD_PRELOAD='{library}' exec '{programs}/postgres' \"$@\"\n");
        // The servers' own user must be able to enter the folder.
        await RunAsync("chmod", "755", folder, postgres);
        // The broker is the run's.
        return await OwnServers.StartAsync(("EVENTML_POSTGRES_BIN", folder), ("EVENTML_RABBITMQ", Environment.GetEnvironmentVariable("EVENTML_RABBITMQ")));
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} failed; its message is above.");
        }
    }
}
