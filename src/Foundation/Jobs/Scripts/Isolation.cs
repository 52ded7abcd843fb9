using System.ComponentModel;
using System.Diagnostics;

namespace EventMl.Jobs.Scripts;

/// <summary>What this system lets us shut user scripts off from, by kernel namespaces.</summary>
/// <param name="Network">A network of their own, which has no way out.</param>
/// <param name="Processes">
/// Process ids and a <c>/proc</c> of their own: a script sees no process but its own, and none of its processes outlives it, whatever session or
/// environment it has taken.
/// </param>
/// <param name="Problem">Why one of them is missing; null when none is.</param>
internal sealed record Isolation(bool Network, bool Processes, string? Problem)
{
    private const string Unshare = "/usr/bin/unshare";

    // The first process of a namespace ignores signals it does not handle and inherits orphans, so it is a shell that waits, not the script.
    private static readonly string[] ProcessArguments = ["--pid", "--mount-proc", "--fork", "--kill-child=KILL"];
    private static readonly string[] FirstProcess = ["/bin/sh", "-c", "\"$@\"; exit $?", "sh"];
    private static readonly Lazy<Isolation> Found = new(Probe);

    /// <summary>What is possible here; tried once.</summary>
    public static Isolation Here => Found.Value;

    /// <summary>Nothing at all, as on a system that allows no namespaces.</summary>
    public static Isolation None { get; } = new(Network: false, Processes: false, "switched off");

    /// <summary>How many processes the isolation itself adds to a run.</summary>
    public int OwnProcesses => Processes ? 2 : 0;

    /// <summary>The program and arguments to put before a command; empty where there is nothing to shut off.</summary>
    /// <param name="network">Whether the command may reach the network.</param>
    public IReadOnlyList<string> Prefix(bool network)
    {
        var closed = Network && !network;
        return closed || Processes ? [.. Begin(), .. closed ? ["--net"] : Array.Empty<string>(), .. Processes ? ProcessArguments : [], "--", .. Processes ? FirstProcess : []] : [];
    }

    // Only root may make these; others may inside a user namespace of their own, where the system allows those.
    private static string[] Begin() => Native.IsRoot ? [Unshare] : [Unshare, "--user", "--map-current-user"];

    private static Isolation Probe()
    {
        var network = Try(["--net"]);
        var processes = Try(ProcessArguments);
        return new Isolation(network is null, processes is null, network ?? processes);
    }

    private static string? Try(string[] arguments)
    {
        try
        {
            using var attempt = Process.Start(new ProcessStartInfo(Unshare, [.. Begin()[1..], .. arguments, "--", "/usr/bin/true"]) { UseShellExecute = false, RedirectStandardError = true })!;
            var error = attempt.StandardError.ReadToEnd().Trim();
            attempt.WaitForExit();
            return attempt.ExitCode == 0 ? null : error.Length > 0 ? error : $"unshare ended with exit code {attempt.ExitCode}";
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            return e.Message;
        }
    }
}
