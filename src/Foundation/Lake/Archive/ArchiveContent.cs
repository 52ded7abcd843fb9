using System.Text.RegularExpressions;
using EventMl.Lake.Storage;

namespace EventMl.Lake.Archive;

/// <summary>What an archive says it holds: a manifest whose root was checked, its own bytes, and the files that it names, by their paths in the lake.</summary>
internal sealed partial record ArchiveContent(StoredManifest Stored, byte[] Bytes, IReadOnlyDictionary<string, ManifestFile> Files)
{
    public const int MaxManifestBytes = 64 << 20;

    public Manifest Manifest => Stored.Manifest;

    /// <exception cref="LakeException">The manifest is damaged, or names something that cannot stand in a lake.</exception>
    public static ArchiveContent Read(string path, byte[] bytes)
    {
        var stored = ManifestJson.Parse(bytes, TarIndex.Shown(path));
        var manifest = stored.Manifest;
        LakeNames.Check(manifest.Name);
        var folder = $"{LakeNames.Folder(LakeKind.Dataset)}/{manifest.Name}";
        if (manifest.Kind != "dataset" || manifest.Tree is not null)
            throw Refused($"it holds a {TarIndex.Shown(manifest.Kind)}, not a dataset");
        if (manifest.Version < 1 || manifest.Schema.Count == 0 || manifest.Fragments.Any(IsOdd) || manifest.NextRowId < 0 || manifest.MaxFragmentId < -1)
            throw Refused("its manifest has a number that no manifest has");
        var files = new Dictionary<string, ManifestFile>(StringComparer.Ordinal);
        foreach (var (name, file) in manifest.Files(folder))
        {
            if (!Allowed().IsMatch(name) || name.Contains("..", StringComparison.Ordinal) || file.Bytes < 0)
                throw Refused($"its manifest names the file '{TarIndex.Shown(name)}', which cannot stand in a lake");
            if (!files.TryAdd(name, file) && (files[name].Sha256, files[name].Bytes) != (file.Sha256, file.Bytes))
                throw Refused($"its manifest says two things of the file '{TarIndex.Shown(name)}'");
        }

        return new ArchiveContent(stored, bytes, files);
    }

    public static LakeException Refused(string why, Exception? cause = null) => new($"The archive cannot be imported: {why}. Export the dataset again.", cause);

    private static bool IsOdd(ManifestFragment f) =>
        f.PhysicalRows < 0 || f.RowIdBase < 0 || f.Id < 0 || f.Deletion?.Count < 0 || f.Deletion?.Count > f.PhysicalRows
        || f.Files.Any(file => file.Fields.Count != file.Columns.Count || file.Columns.Any(c => c < 0));

    [GeneratedRegex(@"\Adatasets/[A-Za-z0-9][A-Za-z0-9_.-]{0,127}/(?:data|_deletions|_rowids)/[A-Za-z0-9][A-Za-z0-9_.-]{0,199}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Allowed();
}
