using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace EventMl.EndToEnd.Tests.Hosting;

/// <summary>What the kernel knows of processes, and signals to them.</summary>
internal static partial class Processes
{
    public const int SigKill = 9;
    public const int SigSegv = 11;
    public const int SigCont = 18;
    public const int SigStop = 19;

    public static void Signal(int process, int signal) => Kill(process, signal).ShouldBe(0, $"process {process} could not be sent signal {signal}");

    /// <summary>Sends a signal; false when the process is gone.</summary>
    public static bool TrySignal(int process, int signal) => Kill(process, signal) == 0;

    /// <summary>Processes of a task's script: they carry its mark in their environment.</summary>
    public static IReadOnlyList<int> OfTask(string taskId) => [.. All().Where(p => Read($"/proc/{p}/environ").Contains($"EVENTML_RUN={taskId}/", StringComparison.Ordinal))];

    public static bool IsAlive(int process) =>
        Read($"/proc/{process}/stat") is { Length: > 0 } stat && stat[(stat.LastIndexOf(')') + 2)..][0] is not ('Z' or 'X');

    /// <summary>The given processes and everything they started that is still theirs.</summary>
    public static IReadOnlySet<int> WithChildren(IEnumerable<int> roots)
    {
        var parents = All().ToDictionary(p => p, Parent);
        var family = roots.ToHashSet();
        while (parents.Where(p => family.Contains(p.Value) && family.Add(p.Key)).ToArray().Length > 0)
        {
        }

        return family;
    }

    /// <summary>Addresses (as the kernel prints them, hexadecimal) on which the processes listen for TCP.</summary>
    public static IReadOnlyList<string> Listening(IEnumerable<int> processes)
    {
        var sockets = processes.SelectMany(Sockets).ToHashSet(StringComparer.Ordinal);
        return [.. new[] { "/proc/net/tcp", "/proc/net/tcp6" }
            .Where(File.Exists)
            .SelectMany(table => File.ReadLines(table).Skip(1))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields[3] == "0A" && sockets.Contains(fields[9]))
            .Select(fields => fields[1])];
    }

    private static IEnumerable<string> Sockets(int process)
    {
        string[] links;
        try
        {
            links = Directory.GetFileSystemEntries($"/proc/{process}/fd");
        }
        catch (IOException)
        {
            return [];
        }

        return links.Select(l => new FileInfo(l).LinkTarget).OfType<string>().Where(t => t.StartsWith("socket:[", StringComparison.Ordinal)).Select(t => t[8..^1]);
    }

    private static int Parent(int process) =>
        Read($"/proc/{process}/stat") is { Length: > 0 } stat ? int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture) : 0;

    private static IEnumerable<int> All() =>
        Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(n => int.TryParse(n, out _)).Select(n => int.Parse(n!, CultureInfo.InvariantCulture));

    private static string Read(string path)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
