using EventMl.Arrow;

namespace EventMl.Lake.Storage;

/// <summary>Computes the next manifest from the latest one and what was staged; called again when another writer was faster.</summary>
internal static class ManifestBuilder
{
    public static Manifest Next(LakeTable table, StoredManifest? latest, StagedFiles staged, LakeTransaction txn, DateTimeOffset now)
    {
        var draft = new Manifest
        {
            Format = Manifest.CurrentFormat,
            Kind = table.Kind == LakeKind.Dataset ? "dataset" : "model",
            Name = table.Name,
            Version = (latest?.Manifest.Version ?? 0) + 1,
            Parent = latest?.Id,
            Txn = new ManifestTransaction(txn.Id, txn.Operation, txn.Actor),
            Timestamp = now,
            Stats = new ManifestStats(0, staged.Files.Sum(f => f.Bytes)),
            Metadata = Merge(staged.Schema?.Metadata, txn.Metadata),
        };
        return table.Kind == LakeKind.Model ? WithTree(draft, staged) : WithFragments(draft, latest?.Manifest, staged, txn);
    }

    private static Manifest WithTree(Manifest draft, StagedFiles staged) => draft with
    {
        Tree = new ManifestTree(staged.TreePath!, [.. staged.Files.Select(f => new ManifestArtifact(f.Target[(staged.TreePath!.Length + 1)..], f.Bytes, f.Sha256))]),
    };

    private static Manifest WithFragments(Manifest draft, Manifest? latest, StagedFiles staged, LakeTransaction txn)
    {
        var nextFieldId = latest?.NextFieldId ?? 0;
        var schema = Fields(latest, staged.Schema!, ref nextFieldId);
        List<ManifestFragment> fragments = [];
        if (txn.Operation == LakeTransaction.Append && latest is not null)
        {
            if (!schema.Select(f => f.Id).SequenceEqual(latest.Schema.Select(f => f.Id)))
                throw new LakeException($"The rows to append have the columns ({staged.Schema}); version {latest.Version} of '{latest.Name}' has ({string.Join(", ", latest.Schema.Select(f => $"{f.Name}: {f.Type}"))}). Replace the dataset instead, or give the rows the same columns.");
            fragments.AddRange(latest.Fragments);
            schema = [.. latest.Schema];
        }

        var nextRowId = latest?.NextRowId ?? 0;
        var fragmentId = latest?.MaxFragmentId ?? -1;
        foreach (var file in staged.Files)
        {
            var data = new ManifestDataFile(file.Target, [.. schema.Select(f => f.Id)], [.. Enumerable.Range(0, schema.Count)], file.Bytes, file.Sha256);
            fragments.Add(new ManifestFragment(++fragmentId, file.Rows, nextRowId, [data], draft.Version));
            nextRowId += file.Rows;
        }

        return draft with
        {
            Schema = schema,
            NextFieldId = nextFieldId,
            NextRowId = nextRowId,
            MaxFragmentId = fragmentId,
            Fragments = fragments,
            Stats = new ManifestStats(fragments.Sum(f => f.PhysicalRows), fragments.Sum(f => f.Files.Sum(d => d.Bytes))),
        };
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

    // Sorted, so that equal metadata give equal manifest bytes.
    private static SortedDictionary<string, string> Merge(params IReadOnlyDictionary<string, string>?[] sources)
    {
        var merged = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var source in sources)
        {
            foreach (var (key, value) in source ?? new Dictionary<string, string>())
                merged[key] = value;
        }

        return merged;
    }
}
