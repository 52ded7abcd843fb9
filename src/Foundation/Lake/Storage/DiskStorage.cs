namespace EventMl.Lake.Storage;

/// <summary>A lake in a local folder: creation by hard link, durability by fsync, liveness of writers by file locks that end with their process.</summary>
internal sealed class DiskStorage(string root, TimeProvider clock) : ILakeStorage
{
    public const string TemporaryPrefix = ".tmp-";
    private const string Writers = "_writers";

    /// <summary>Tests stop a creation here by throwing.</summary>
    public Action<string, CommitStep> Reached { get; set; } = static (_, _) => { };

    public string Name => root;

    public Task<DateTimeOffset> NowAsync(CancellationToken ct) => Task.FromResult(clock.GetUtcNow());

    public string LocalPath(string path) => Path.Combine(root, path);

    public async Task<byte[]?> ReadAsync(string path, CancellationToken ct)
    {
        try
        {
            return await File.ReadAllBytesAsync(LocalPath(path), ct);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public async Task ReadRangeAsync(string path, long offset, Memory<byte> target, CancellationToken ct)
    {
        await using var file = Open(path);
        file.Position = offset;
        try
        {
            await file.ReadExactlyAsync(target, ct);
        }
        catch (EndOfStreamException e)
        {
            throw new LakeException($"{LocalPath(path)} is shorter than {offset + target.Length} bytes; restore it from a backup.", e);
        }
    }

    public Task<Stream> OpenAsync(string path, CancellationToken ct) => Task.FromResult<Stream>(Open(path));

    public async Task<bool> TryCreateAsync(string path, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        var target = LocalPath(path);
        if (File.Exists(target))
            return false;
        var temporary = await WriteTemporaryAsync(target, content, ct);
        Reached(path, CommitStep.ManifestWritten);
        DurableFiles.Seal(temporary);
        Reached(path, CommitStep.ManifestSealed);
        var created = DurableFiles.TryPublish(temporary, target);
        DurableFiles.FlushFolder(Path.GetDirectoryName(target)!);
        return created;
    }

    public async Task WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        var target = LocalPath(path);
        var temporary = await WriteTemporaryAsync(target, content, ct);
        DurableFiles.Seal(temporary);
        File.Move(temporary, target, overwrite: true);
        DurableFiles.FlushFolder(Path.GetDirectoryName(target)!);
    }

    public Task StoreAsync(string path, string localFile, CancellationToken ct)
    {
        var target = LocalPath(path);
        // A link has the age of the staged file; collection must count from now, and may look the moment the link is there.
        File.SetLastWriteTimeUtc(localFile, clock.GetUtcNow().UtcDateTime);
        DurableFiles.Seal(localFile);
        Reached(path, CommitStep.FileSealed);
        CreateFolder(Path.GetDirectoryName(target)!);
        if (!DurableFiles.TryLink(localFile, target, out _))
        {
            // Another file system: a copy under a temporary name, so that the name never stands for half of it.
            var temporary = InFolder(target, path =>
            {
                File.Copy(localFile, path);
                return path;
            });
            DurableFiles.Seal(temporary);
            File.Move(temporary, target, overwrite: false);
        }

        Reached(path, CommitStep.FileLinked);
        DurableFiles.FlushFolder(Path.GetDirectoryName(target)!);
        return Task.CompletedTask;
    }

#pragma warning disable CS1998 // what is a request elsewhere is a call here
    public async IAsyncEnumerable<LakeObject> ListAsync(string folder, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var start = new DirectoryInfo(LocalPath(folder));
        foreach (var (path, file) in Existing(start, () => start.EnumerateFiles("*", SearchOption.AllDirectories).Select(f => (Path: Relative(f.FullName), File: f)).OrderBy(f => f.Path, StringComparer.Ordinal).ToList()))
        {
            ct.ThrowIfCancellationRequested();
            if (Find(file) is { } found)
                yield return found with { Path = path };
        }
    }
#pragma warning restore CS1998

    public Task<IReadOnlyList<string>> ListFoldersAsync(string folder, CancellationToken ct)
    {
        var start = new DirectoryInfo(LocalPath(folder));
        return Task.FromResult<IReadOnlyList<string>>(Existing(start, () => start.EnumerateDirectories().Select(d => d.Name).Order(StringComparer.Ordinal).ToList()));
    }

    public Task DeleteAsync(string path, CancellationToken ct)
    {
        var file = LocalPath(path);
        if (File.Exists(file))
            File.Delete(file);
        RemoveEmpty(Path.GetDirectoryName(file)!);
        return Task.CompletedTask;
    }

    public Task<ILakeWriter> AnnounceWriterAsync(string folder, CancellationToken ct)
    {
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            var path = Path.Combine(LocalPath(folder), Writers, Path.GetRandomFileName());
            // A collector that looks between creation and lock takes the mark for that of a dead writer and removes it.
            if (TryMark(path) is { } mark)
                return Task.FromResult<ILakeWriter>(new Writer(mark));
        }
    }

    public Task<DateTimeOffset?> OldestWriterAsync(string folder, CancellationToken ct)
    {
        var marks = new DirectoryInfo(Path.Combine(LocalPath(folder), Writers));
        DateTimeOffset? oldest = null;
        foreach (var mark in Existing(marks, () => marks.EnumerateFiles().ToList()))
        {
            if (IsAlive(mark.FullName) && Find(mark) is { } found && !(oldest <= found.Modified))
                oldest = found.Modified;
        }

        return Task.FromResult(oldest);
    }

    private static List<T> Existing<T>(DirectoryInfo folder, Func<List<T>> list)
    {
        while (folder.Exists)
        {
            try
            {
                return list();
            }
            catch (DirectoryNotFoundException)
            {
                // A folder that had become empty was removed while this looked.
                folder.Refresh();
            }
        }

        return [];
    }

    private static LakeObject? Find(FileInfo file)
    {
        try
        {
            return new LakeObject(file.Name, file.Length, new DateTimeOffset(file.LastWriteTimeUtc, TimeSpan.Zero));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private FileStream? TryMark(string path)
    {
        try
        {
            CreateFolder(Path.GetDirectoryName(path)!);
            var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            File.SetLastWriteTimeUtc(file.SafeFileHandle, clock.GetUtcNow().UtcDateTime);
            if (File.Exists(path))
                return file;
            file.Dispose();
            return null;
        }
        catch (IOException) when (!File.Exists(path) || !IsAlive(path))
        {
            return null;
        }
    }

    // The kernel gives the lock of a dead process back, whatever it died of.
    private static bool IsAlive(string mark)
    {
        try
        {
            using var locked = new FileStream(mark, FileMode.Open, FileAccess.Write, FileShare.None, 1);
            File.Delete(mark);
            return false;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private FileStream Open(string path)
    {
        try
        {
            return new FileStream(LocalPath(path), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16, FileOptions.Asynchronous);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LakeException($"{LocalPath(path)} is missing; restore it from a backup.", e);
        }
    }

    private async Task<string> WriteTemporaryAsync(string target, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        await using var file = InFolder(target, path => new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read));
        await file.WriteAsync(content, ct);
        await file.FlushAsync(ct);
        File.SetLastWriteTimeUtc(file.SafeFileHandle, clock.GetUtcNow().UtcDateTime);
        return file.Name;
    }

    // Whoever deletes the last file of a folder removes the folder; it is made again then.
    private static T InFolder<T>(string target, Func<string, T> create)
    {
        for (var attempt = 1; ; attempt++)
        {
            CreateFolder(Path.GetDirectoryName(target)!);
            try
            {
                return create(Path.Combine(Path.GetDirectoryName(target)!, TemporaryPrefix + Path.GetRandomFileName()));
            }
            catch (DirectoryNotFoundException) when (attempt < 10)
            {
            }
        }
    }

    // A new folder survives a power cut once the folder above it was flushed.
    private static void CreateFolder(string folder)
    {
        if (Directory.Exists(folder))
            return;
        var parent = Path.GetDirectoryName(folder);
        if (parent is not null)
            CreateFolder(parent);
        Directory.CreateDirectory(folder);
        if (parent is not null)
            DurableFiles.FlushFolder(parent);
    }

    private void RemoveEmpty(string folder)
    {
        try
        {
            while (folder.Length > root.Length && !Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.Delete(folder);
                folder = Path.GetDirectoryName(folder)!;
            }
        }
        catch (IOException)
        {
            // Somebody has put something into it just now, or removed it.
        }
    }

    private string Relative(string path) => Path.GetRelativePath(root, path).Replace('\\', '/');

    private sealed class Writer(FileStream mark) : ILakeWriter
    {
        // The kernel keeps the lock as long as the process lives, however long it sleeps.
        public void EnsureAlive()
        {
        }

        public ValueTask DisposeAsync() => mark.DisposeAsync();
    }
}
