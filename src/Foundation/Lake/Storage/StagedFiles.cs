using System.Security.Cryptography;
using System.Text;
using EventMl.Arrow;

namespace EventMl.Lake.Storage;

/// <summary>What a staging folder holds, checked before anything of it enters the lake.</summary>
internal sealed record StagedFiles(IReadOnlyList<StagedFile> Files, ArrowSchema? Schema, string? TreePath)
{
    public static async Task<StagedFiles> ReadDatasetAsync(string folder, CancellationToken ct)
    {
        var paths = Directory.GetFiles(folder, "*.arrow");
        Array.Sort(paths, StringComparer.Ordinal);
        if (paths.Length == 0)
            throw new LakeException($"The staging folder {folder} has no *.arrow file; write at least one (it may have no rows).");
        ArrowSchema? schema = null;
        var files = new List<StagedFile>(paths.Length);
        foreach (var path in paths)
        {
            RefuseLink(path);
            var (rows, found) = Inspect(path);
            schema ??= found;
            if (!schema.HasSameFieldsAs(found))
                throw new LakeException($"{Path.GetFileName(path)} has the columns ({found}); {Path.GetFileName(paths[0])} has ({schema}). All files of a dataset need the same columns and column metadata.");
            var hash = await DurableFiles.HashAsync(path, ct);
            files.Add(new StagedFile(path, $"data/{hash}.arrow", new FileInfo(path).Length, hash, rows));
        }

        return new StagedFiles(files, schema, null);
    }

    public static async Task<StagedFiles> ReadModelAsync(string folder, CancellationToken ct)
    {
        var relative = new List<string>();
        Walk(folder, "", relative);
        relative.Sort(StringComparer.Ordinal);
        if (relative.Count == 0)
            throw new LakeException($"The staging folder {folder} is empty; a model needs at least one file.");
        var listing = new StringBuilder();
        var files = new List<StagedFile>(relative.Count);
        foreach (var name in relative)
        {
            var path = Path.Combine(folder, name);
            var hash = await DurableFiles.HashAsync(path, ct);
            listing.Append(hash).Append("  ").Append(name).Append('\n');
            files.Add(new StagedFile(path, name, new FileInfo(path).Length, hash, 0));
        }

        var tree = "data/" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(listing.ToString())));
        return new StagedFiles([.. files.Select(f => f with { Target = tree + "/" + f.Target })], null, tree);
    }

    private static (long Rows, ArrowSchema Schema) Inspect(string path)
    {
        try
        {
            using var file = ArrowFile.Open(path);
            file.Validate();
            return (file.RowCount, file.Schema);
        }
        catch (ArrowFormatException e)
        {
            throw new LakeException($"{Path.GetFileName(path)} cannot become part of a dataset: {e.Message}", e);
        }
    }

    private static void Walk(string folder, string prefix, List<string> found)
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries(folder))
        {
            RefuseLink(entry);
            var name = prefix + Path.GetFileName(entry);
            if (Directory.Exists(entry))
                Walk(entry, name + "/", found);
            else
                found.Add(name);
        }
    }

    // A link would bring in bytes from outside the staging folder, which can change later.
    private static void RefuseLink(string path)
    {
        if (File.GetAttributes(path).HasFlag(FileAttributes.ReparsePoint))
            throw new LakeException($"{path} is a symbolic link; put the file itself into the staging folder.");
    }
}

/// <summary>One staged file: where it is, where it goes (relative to the dataset's or model's folder) and what is in it.</summary>
internal sealed record StagedFile(string Source, string Target, long Bytes, string Sha256, long Rows);
