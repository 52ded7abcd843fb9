using EventMl.Arrow;
using EventMl.Lake.Data;
using EventMl.Lake.Storage;

namespace EventMl.Lake.Changes;

/// <summary>New columns: one more file for each fragment, nothing rewritten.</summary>
/// <param name="schema">The columns of the version that was read.</param>
/// <param name="added">The new ones.</param>
/// <param name="files">The new file of each fragment of that version.</param>
/// <param name="bytes">Their size.</param>
internal sealed class AddColumnsChange(DatasetSchema schema, ArrowSchema added, IReadOnlyDictionary<int, ManifestFile> files, long bytes) : Change
{
    public override ManifestChange Describe() => new(ChangeKind.AddColumns, [.. files.Keys.Order()], [.. added.Fields.Select(f => f.Name)], bytes);

    public override Task<Manifest> ApplyAsync(Manifest draft, Manifest? latest, IReadOnlyList<Manifest> meanwhile, CancellationToken ct)
    {
        var firstId = latest!.NextFieldId;
        int[] ids = [.. Enumerable.Range(firstId, added.Fields.Count)];
        if (latest.Fragments.Any(f => !files.ContainsKey(f.Id)) && added.Fields.FirstOrDefault(f => !f.Nullable) is { } required)
            throw Conflicts.Lost(LakeConflict.Retryable, latest.Name, latest.Version, $"its new rows have no value for '{required.Name}', which allows no nulls");
        int[] positions = [.. Enumerable.Range(0, ids.Length)];
        var fields = added.Fields.Select((f, i) => new ManifestField(ids[i], f.Name, f.Type.ToString(), f.Nullable, Merge(f.Metadata)));
        return Task.FromResult(Counted(draft with
        {
            Schema = [.. latest.Schema, .. fields],
            ArrowSchema = Encode(latest),
            NextFieldId = firstId + ids.Length,
            Fragments = [.. latest.Fragments.Select(f => files.TryGetValue(f.Id, out var file)
                ? f with { Files = [.. f.Files, new ManifestDataFile(file.Path, ids, positions, file.Bytes, file.Sha256)] }
                : f)],
        }));
    }

    // Others may have added or dropped columns; their exact types stand in the latest version.
    private string? Encode(Manifest latest)
    {
        if (latest.ArrowSchema is not { } text)
            return latest.Schema.Select(f => f.Id).SequenceEqual(schema.FieldIds) ? DatasetSchema.Encode(new ArrowSchema([.. schema.Arrow.Fields, .. added.Fields])) : null;
        using var stream = ArrowFile.Open(Convert.FromBase64String(text));
        return DatasetSchema.Encode(new ArrowSchema([.. stream.Schema.Fields, .. added.Fields]));
    }
}

/// <summary>Columns to drop: their bytes stay where they are and are no longer read.</summary>
internal sealed class DropColumnsChange(IReadOnlyList<string> names) : Change
{
    public override ManifestChange Describe() => new(ChangeKind.DropColumns, Columns: names);

    public override Task<Manifest> ApplyAsync(Manifest draft, Manifest? latest, IReadOnlyList<Manifest> meanwhile, CancellationToken ct)
    {
        var kept = latest!.Schema.Where(f => !names.Contains(f.Name, StringComparer.Ordinal)).ToList();
        if (kept.Count == 0)
            throw new LakeException($"'{latest.Name}' would be left without columns; delete the dataset instead.");
        HashSet<int> ids = [.. kept.Select(f => f.Id)];
        return Task.FromResult(Counted(draft with
        {
            Schema = kept,
            ArrowSchema = latest.ArrowSchema is { } text ? Encode(text, kept) : null,
            // A file that no column is left of is not needed any more; the first one says how the rows are cut into batches.
            Fragments = [.. latest.Fragments.Select(f => f with { Files = [.. f.Files.Where((file, i) => file.Fields.Any(ids.Contains) || (i == 0 && !f.Files.Any(o => o.Fields.Any(ids.Contains))))] })],
        }));
    }

    private static string? Encode(string text, List<ManifestField> kept)
    {
        using var stream = ArrowFile.Open(Convert.FromBase64String(text));
        return DatasetSchema.Encode(new ArrowSchema([.. kept.Select(f => stream.Schema.Fields[stream.Schema.IndexOf(f.Name)])]));
    }
}
