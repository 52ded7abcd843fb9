using System.Runtime.InteropServices;

namespace EventMl.Jobs.Scripts;

/// <summary>The few calls of the C library that .NET does not offer.</summary>
internal static partial class Native
{
    public const int SigKill = 9;
    public const int SigTerm = 15;

    private const int SetChildSubreaper = 36;
    private const int WaitNoHang = 1;

    private static readonly string[] Names =
    [
        "", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM",
        "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF",
        "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ];

    /// <summary>The signal behind an exit code (128 + n); null for an ordinary one.</summary>
    public static string? SignalOf(int exitCode) => exitCode - 128 is > 0 and < 32 and var n ? Names[n] : null;

    /// <summary>Sends a signal to a process, or with a negative id to a process group; a process that is gone is no error.</summary>
    public static void Kill(int processId, int signal) => _ = KillCore(processId, signal);

    public static bool IsRoot => GetEffectiveUserId() == 0;

    /// <summary>Makes orphans among the descendants children of this process, instead of the machine's first process.</summary>
    public static void BecomeReaper() => _ = ProcessControl(SetChildSubreaper, 1, 0, 0, 0);

    /// <summary>Takes the exit code of a child that has ended, so that it disappears.</summary>
    public static void CollectChild(int processId) => _ = WaitProcess(processId, out _, WaitNoHang);

    /// <summary>Lets the members of a group, and nobody else beside the owner, into a folder, without letting them list it.</summary>
    public static void OpenToGroup(string folder, ScriptUser user)
    {
        if (LinkChown(folder, uint.MaxValue, user.GroupId) != 0)
        {
            throw new IOException($"Cannot open {folder} to the group {user.GroupId}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
        }

        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute);
    }

    /// <summary>Gives a file or folder to a user; never follows a link that a script may have planted.</summary>
    public static void GiveTo(string path, ScriptUser user)
    {
        if (LinkChown(path, user.UserId, user.GroupId) != 0)
        {
            throw new IOException($"Cannot give {path} to the user '{user.Name}': {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
        }
    }

    /// <summary>The path with every link resolved; null when it does not exist or cannot be reached.</summary>
    public static string? RealPath(string path)
    {
        var resolved = RealPathCore(path, 0);
        if (resolved == 0)
        {
            return null;
        }

        var text = Marshal.PtrToStringUTF8(resolved);
        Free(resolved);
        return text;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int KillCore(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int ProcessControl(int option, nuint first, nuint second, nuint third, nuint fourth);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitProcess(int processId, out int status, int options);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUserId();

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkChown(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "realpath", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint RealPathCore(string path, nint buffer);

    [LibraryImport("libc", EntryPoint = "free")]
    private static partial void Free(nint pointer);
}
