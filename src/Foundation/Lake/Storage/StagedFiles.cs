using System.Security.Cryptography;
using System.Text;
using EventMl.Arrow;

namespace EventMl.Lake.Storage;

/// <summary>What a staging folder holds, checked before anything of it enters the lake.</summary>
internal sealed record StagedFiles(IReadOnlyList<StagedFile> Files, ArrowSchema? Schema, string? TreePath)
{
    public static async Task<StagedFiles> ReadDatasetAsync(string folder, Manifest? latest, CancellationToken ct)
    {
        var paths = Directory.GetFiles(folder, "*.arrow");
        Array.Sort(paths, StringComparer.Ordinal);
        if (paths.Length == 0)
            throw new LakeException($"The staging folder {folder} has no *.arrow file; write at least one (it may have no rows).");
        // The latest version is not collected while somebody writes, so its files may be used again.
        var known = (latest?.Fragments ?? []).SelectMany(f => f.Files).Where(f => f.Base is null).DistinctBy(f => f.Sha256, StringComparer.Ordinal).ToDictionary(f => f.Sha256, StringComparer.Ordinal);
        ArrowSchema? schema = null;
        var files = new List<StagedFile>(paths.Length);
        foreach (var path in paths)
        {
            RefuseLink(path);
            var (rows, found) = Inspect(path);
            schema ??= found;
            if (!schema.HasSameFieldsAs(found))
                throw new LakeException($"{Path.GetFileName(path)} has the columns ({found}); {Path.GetFileName(paths[0])} has ({schema}). All files of a dataset need the same columns and column metadata.");
            var (hash, bytes) = (await DurableFiles.HashAsync(path, ct), new FileInfo(path).Length);
            files.Add(known.TryGetValue(hash, out var same) && same.Bytes == bytes
                ? new StagedFile(path, "", same.Path, bytes, hash, rows, IsNew: false)
                : new StagedFile(path, "", LakeTable.NewPath("data", hash, ".arrow"), bytes, hash, rows, IsNew: true));
        }

        return new StagedFiles(files, schema, null);
    }

    public static async Task<StagedFiles> ReadModelAsync(string folder, Manifest? latest, CancellationToken ct)
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
            files.Add(new StagedFile(path, name, "", new FileInfo(path).Length, hash, 0, IsNew: true));
        }

        if (latest?.Tree is { Base: null } tree && tree.Files.SequenceEqual(files.Select(f => new ManifestArtifact(f.Name, f.Bytes, f.Sha256))))
            return new StagedFiles([.. files.Select(f => f with { Target = $"{tree.Path}/{f.Name}", IsNew = false })], null, tree.Path);
        var target = LakeTable.NewPath("data", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(listing.ToString()))));
        return new StagedFiles([.. files.Select(f => f with { Target = $"{target}/{f.Name}" })], null, target);
    }

    private static (long Rows, ArrowSchema Schema) Inspect(string path)
    {
        try
        {
            using var file = ArrowFile.Open(path);
            file.Validate();
            return file.Schema.Fields.Select(f => f.Name).Distinct(StringComparer.Ordinal).Count() == file.Schema.Fields.Count
                ? (file.RowCount, file.Schema)
                : throw new LakeException($"{Path.GetFileName(path)} has two columns of one name ({file.Schema}); rename one.");
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

/// <summary>One staged file: where it is, its name in a model's tree, where it goes (relative to the dataset's or model's folder), and what is in it.</summary>
internal sealed record StagedFile(string Source, string Name, string Target, long Bytes, string Sha256, long Rows, bool IsNew);
