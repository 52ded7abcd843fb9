using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace EventMl.Lake.Storage;

/// <summary>The file operations a commit needs that the class library lacks: hard links, create-if-absent by name, folder fsync.</summary>
internal static partial class DurableFiles
{
    private const int Exists = 17;
    private const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Gives a file a second name; false when that name is taken.</summary>
    public static bool TryLink(string existing, string name, out bool unsupported)
    {
        unsupported = OperatingSystem.IsWindows();
        if (unsupported)
            return false;
        if (Link(existing, name) == 0)
            return true;
        unsupported = Marshal.GetLastPInvokeError() != Exists;
        return false;
    }

    /// <summary>Gives a finished temporary file its final name unless another writer took it; the temporary name is gone afterwards.</summary>
    public static bool TryPublish(string temporary, string name)
    {
        var linked = TryLink(temporary, name, out var unsupported);
        if (unsupported)
        {
            try
            {
                // Without hard links the class library's check-then-rename is what remains; it is exact on Windows.
                File.Move(temporary, name, overwrite: false);
                return true;
            }
            catch (IOException) when (File.Exists(name))
            {
                linked = false;
            }
        }

        File.Delete(temporary);
        return linked;
    }

    /// <summary>Makes a file's bytes survive a power cut and closes it for writing.</summary>
    public static void Seal(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(handle);
            return;
        }

        Flush(path);
        File.SetUnixFileMode(path, ReadOnly);
    }

    /// <summary>Makes the names in a folder survive a power cut.</summary>
    public static void FlushFolder(string path)
    {
        if (!OperatingSystem.IsWindows())
            Flush(path);
    }

    // A read-only descriptor is enough, which matters when a retry meets a file that is sealed already.
    private static void Flush(string path)
    {
        var descriptor = Open(path, 0);
        if (descriptor < 0)
            throw new IOException($"Cannot open {path}.", new Win32Exception(Marshal.GetLastPInvokeError()));
        try
        {
            if (FSync(descriptor) != 0)
                throw new IOException($"Cannot flush {path}.", new Win32Exception(Marshal.GetLastPInvokeError()));
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    public static async Task<string> HashAsync(string path, CancellationToken ct)
    {
        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 20, FileOptions.SequentialScan | FileOptions.Asynchronous);
        return (await HashAsync(stream, ct)).Sha256;
    }

    public static async Task<(string Sha256, long Bytes)> HashAsync(Stream stream, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        long bytes = 0;
        while (await stream.ReadAsync(buffer, ct) is var read and > 0)
        {
            hash.AppendData(buffer, 0, read);
            bytes += read;
        }

        return (Convert.ToHexStringLower(hash.GetHashAndReset()), bytes);
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Link(string existing, string name);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
