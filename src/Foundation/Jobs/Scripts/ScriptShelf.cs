using System.Security.Cryptography;
using System.Text;

namespace EventMl.Jobs.Scripts;

/// <summary>Copies of what scripts need, where the script user may read it: a checkout below root's home is closed to other users.</summary>
internal static class ScriptShelf
{
    private const UnixFileMode Open =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>The folder below the state that holds copies of the files of a folder; made once per content.</summary>
    public static string Publish(string statePath, string folder, IReadOnlyList<string> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetRelativePath(folder, file) + "\n"));
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
        }

        var target = Path.Combine(statePath, "sdk", Convert.ToHexStringLower(hash.GetHashAndReset())[..32]);
        if (Directory.Exists(target))
        {
            return target;
        }

        var copy = target + ".new-" + Contracts.Ids.New().ToString("N");
        Copy(folder, files, copy);
        try
        {
            Directory.Move(copy, target);
        }
        catch (IOException) when (Directory.Exists(target))
        {
            // Another process was first with the same content.
            Directory.Delete(copy, recursive: true);
        }

        return target;
    }

    /// <summary>Copies files of a folder with their places in it, for all to read.</summary>
    public static void Copy(string folder, IReadOnlyList<string> files, string target)
    {
        Directory.CreateDirectory(target, Open);
        foreach (var file in files)
        {
            var to = Path.Combine(target, Path.GetRelativePath(folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!, Open);
            CopyReadable(file, to);
        }
    }

    /// <summary>The script itself, or a copy below the task's folder when other users cannot reach it where it lies.</summary>
    public static string Reachable(string path, string workPath)
    {
        if (OthersCanRead(path))
        {
            return path;
        }

        var folder = Path.Combine(workPath, "script");
        Directory.CreateDirectory(workPath, Open);
        Directory.CreateDirectory(folder, Open);
        var copy = Path.Combine(folder, Path.GetFileName(path));
        CopyReadable(path, copy);
        return copy;
    }

    public static bool OthersCanRead(string path)
    {
        if ((File.GetUnixFileMode(path) & UnixFileMode.OtherRead) == UnixFileMode.None)
        {
            return false;
        }

        for (var folder = Path.GetDirectoryName(path); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if ((File.GetUnixFileMode(folder) & UnixFileMode.OtherExecute) == UnixFileMode.None)
            {
                return false;
            }
        }

        return true;
    }

    private static void CopyReadable(string from, string to)
    {
        File.Copy(from, to, overwrite: true);
        File.SetUnixFileMode(to, Open);
    }
}
