using System.Diagnostics.CodeAnalysis;
using EventMl.Contracts;
using EventMl.Jobs.Scripts;

namespace EventMl.Datasets.Importing;

/// <summary>Archives that came over REST and wait in the platform's state for the worker that imports them.</summary>
internal sealed class SentArchives(ScriptOptions options)
{
    private static readonly UnixFileMode _private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private string Folder => Path.Combine(options.StatePath, "uploads");

    /// <summary>Writes a request's body down; returns the upload's id.</summary>
    [SuppressMessage("Interoperability", "CA1416", Justification = "The platform runs on Linux.")]
    public async Task<string> SaveAsync(Stream body, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Folder, _private);
        var id = Ids.New("upload");
        try
        {
            await using var file = new FileStream(Path.Combine(Folder, id), FileMode.CreateNew, FileAccess.Write);
            await body.CopyToAsync(file, cancellationToken);
            return id;
        }
        catch
        {
            Delete(id);
            throw;
        }
    }

    /// <summary>The path of an upload; null when there is none.</summary>
    public string? Find(string id) =>
        id.Length < 64 && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') && Path.Combine(Folder, id) is var path && File.Exists(path) ? path : null;

    public void Delete(string id)
    {
        if (Find(id) is { } path)
        {
            File.Delete(path);
        }
    }
}
