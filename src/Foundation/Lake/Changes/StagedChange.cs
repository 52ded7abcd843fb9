using EventMl.Arrow;
using EventMl.Lake.Data;
using EventMl.Lake.Storage;

namespace EventMl.Lake.Changes;

/// <summary>The files of a staging folder as rows to append, or in place of everything.</summary>
/// <param name="staged">The files, in the storage under their targets.</param>
/// <param name="txn">For whom.</param>
/// <param name="start">The latest version when the commit began, whose columns the rows were made for.</param>
internal sealed class StagedChange(StagedFiles staged, LakeTransaction txn, Manifest? start) : Change
{
    private bool IsAppend => txn.Operation == LakeTransaction.Append && staged.Schema is not null;

    public override ManifestChange Describe() => new(IsAppend ? ChangeKind.Append : ChangeKind.Overwrite, Bytes: staged.Files.Where(f => f.IsNew).Sum(f => f.Bytes));

    public override Task<Manifest> ApplyAsync(Manifest draft, Manifest? latest, IReadOnlyList<Manifest> meanwhile, CancellationToken ct)
    {
        draft = draft with { Metadata = Merge(staged.Schema?.Metadata, txn.Metadata) };
        return Task.FromResult(Counted(staged.Schema is null ? WithTree(draft) : WithFragments(draft, latest, meanwhile)));
    }

    private Manifest WithTree(Manifest draft) => draft with
    {
        Bases = null,
        Tree = new ManifestTree(staged.TreePath!, [.. staged.Files.Select(f => new ManifestArtifact(f.Name, f.Bytes, f.Sha256))]),
    };

    private Manifest WithFragments(Manifest draft, Manifest? latest, IReadOnlyList<Manifest> meanwhile)
    {
        var nextFieldId = latest?.NextFieldId ?? 0;
        List<ManifestFragment> fragments = [];
        IReadOnlyList<ManifestField> schema;
        int[] ids;
        if (IsAppend && latest is not null)
        {
            ids = FieldIdsForAppend(latest, meanwhile);
            fragments.AddRange(latest.Fragments);
            schema = latest.Schema;
        }
        else
        {
            schema = Fields(latest, staged.Schema!, ref nextFieldId);
            ids = [.. schema.Select(f => f.Id)];
        }

        var nextRowId = latest?.NextRowId ?? 0;
        var fragmentId = latest?.MaxFragmentId ?? -1;
        foreach (var file in staged.Files)
        {
            var data = new ManifestDataFile(file.Target, ids, [.. Enumerable.Range(0, ids.Length)], file.Bytes, file.Sha256);
            fragments.Add(new ManifestFragment(++fragmentId, file.Rows, nextRowId, [data], draft.Version));
            nextRowId += file.Rows;
        }

        return draft with
        {
            Schema = schema,
            // An append on a version of format 1 brings the exact columns along, unless they differ after a race.
            ArrowSchema = IsAppend && latest?.ArrowSchema is { } known ? known : Encode(schema),
            NextFieldId = nextFieldId,
            NextRowId = nextRowId,
            MaxFragmentId = fragmentId,
            Bases = fragments.Any(f => f.AllFiles().Any(d => d.Base is not null)) ? draft.Bases : null,
            Fragments = fragments,
        };
    }

    private string? Encode(IReadOnlyList<ManifestField> schema) =>
        schema.Select(f => f.Name).SequenceEqual(staged.Schema!.Fields.Select(f => f.Name), StringComparer.Ordinal) ? DatasetSchema.Encode(staged.Schema) : null;

    private int[] FieldIdsForAppend(Manifest latest, IReadOnlyList<Manifest> meanwhile)
    {
        if (IdsOf(latest) is { } exact)
            return exact;
        // Columns that came or went since the rows were made: what the rows lack reads as null, what is gone stays unread in their file.
        if (start is not null && IdsOf(start) is { } then && meanwhile.All(m => m.ChangeKind is not (ChangeKind.Overwrite or ChangeKind.Restore or ChangeKind.Clone)))
        {
            return latest.Schema.FirstOrDefault(f => !f.Nullable && !then.Contains(f.Id)) is { } required
                ? throw Conflicts.Lost(LakeConflict.Retryable, latest.Name, latest.Version, $"its column '{required.Name}', which allows no nulls, is missing from the rows to append")
                : then;
        }

        throw new LakeException($"The rows to append have the columns ({staged.Schema}); version {latest.Version} of '{latest.Name}' has ({string.Join(", ", latest.Schema.Select(f => $"{f.Name}: {f.Type}{(f.Nullable ? "" : " not null")}"))}). Replace the dataset instead, or give the rows the same columns.");
    }

    private int[]? IdsOf(Manifest manifest)
    {
        var unused = int.MaxValue / 2;
        var ids = Fields(manifest, staged.Schema!, ref unused).Select(f => f.Id).ToArray();
        return ids.SequenceEqual(manifest.Schema.Select(f => f.Id)) ? ids : null;
    }

    private static List<ManifestField> Fields(Manifest? latest, ArrowSchema schema, ref int nextId)
    {
        var fields = new List<ManifestField>(schema.Fields.Count);
        foreach (var field in schema.Fields)
        {
            var type = field.Type.ToString();
            var known = latest?.Schema.FirstOrDefault(f => f.Name == field.Name && f.Type == type && f.Nullable == field.Nullable);
            fields.Add(new ManifestField(known?.Id ?? nextId++, field.Name, type, field.Nullable, Merge(field.Metadata)));
        }

        return fields;
    }
}
