using EventMl.Lake.Storage;

namespace EventMl.Lake.Changes;

/// <summary>The content of an earlier version once more.</summary>
internal sealed class RestoreChange(Manifest restored, LakeTransaction txn) : Change
{
    public override ManifestChange Describe() => new(ChangeKind.Restore);

    public override Task<Manifest> ApplyAsync(Manifest draft, Manifest? latest, IReadOnlyList<Manifest> meanwhile, CancellationToken ct) => Task.FromResult(Counted(draft with
    {
        // The counters stay: ids that were given since must not be given again.
        Schema = restored.Schema,
        ArrowSchema = restored.ArrowSchema,
        Bases = restored.Bases,
        Fragments = restored.Fragments,
        Tree = restored.Tree,
        Metadata = Merge(restored.Metadata, txn.Metadata),
    }));
}

/// <summary>A version of another dataset or model as the first one here, without copying its files.</summary>
internal sealed class CloneChange(Manifest source, string sourceFolder) : Change
{
    public override ManifestChange Describe() => new(ChangeKind.Clone);

    public override Task<Manifest> ApplyAsync(Manifest draft, Manifest? latest, IReadOnlyList<Manifest> meanwhile, CancellationToken ct)
    {
        if (latest is not null)
            throw new LakeException($"'{draft.Name}' exists already; clone into a name that is free.");
        // Files of the source get base 1; what the source has cloned itself moves up by one.
        int? Shift(int? number) => (number ?? 0) + 1;
        return Task.FromResult(Counted(draft with
        {
            Schema = source.Schema,
            ArrowSchema = source.ArrowSchema,
            NextFieldId = source.NextFieldId,
            NextRowId = source.NextRowId,
            MaxFragmentId = source.MaxFragmentId,
            Bases = [sourceFolder, .. source.Bases ?? []],
            Fragments = [.. source.Fragments.Select(f => f with
            {
                Files = [.. f.Files.Select(file => file with { Base = Shift(file.Base) })],
                RowIds = f.RowIds is { } ids ? ids with { Base = Shift(ids.Base) } : null,
                Deletion = f.Deletion is { } deletion ? deletion with { Base = Shift(deletion.Base) } : null,
            })],
            Tree = source.Tree is { } tree ? tree with { Base = Shift(tree.Base) } : null,
            Metadata = Merge(source.Metadata, draft.Metadata),
        }));
    }
}
