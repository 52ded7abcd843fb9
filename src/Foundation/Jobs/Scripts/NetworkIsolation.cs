using System.ComponentModel;
using System.Diagnostics;

namespace EventMl.Jobs.Scripts;

/// <summary>How user scripts are kept from the network on this machine: in a network namespace of their own, which has no way out.</summary>
internal static class NetworkIsolation
{
    private const string Unshare = "/usr/bin/unshare";
    private static readonly Lazy<(string[] Prefix, string? Problem)> Found = new(Find);

    /// <summary>The program and arguments to put before a command; empty where the system does not allow it.</summary>
    public static IReadOnlyList<string> Prefix => Found.Value.Prefix;

    /// <summary>Why it is not possible here; null when it is.</summary>
    public static string? Problem => Found.Value.Problem;

    private static (string[] Prefix, string? Problem) Find()
    {
        // Only root may make a network namespace; others may inside a user namespace of their own, where the system allows those.
        string[] prefix = Native.IsRoot ? [Unshare, "--net", "--"] : [Unshare, "--user", "--map-current-user", "--net", "--"];
        try
        {
            using var attempt = Process.Start(new ProcessStartInfo(prefix[0], [.. prefix[1..], "/usr/bin/true"]) { UseShellExecute = false, RedirectStandardError = true })!;
            var error = attempt.StandardError.ReadToEnd().Trim();
            attempt.WaitForExit();
            return attempt.ExitCode == 0 ? (prefix, null) : ([], error);
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            return ([], e.Message);
        }
    }
}
