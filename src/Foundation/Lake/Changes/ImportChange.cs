using EventMl.Lake.Storage;

namespace EventMl.Lake.Changes;

/// <summary>An imported version as the first one of a new dataset; its files lie in the dataset's own folder.</summary>
internal sealed class ImportChange(Manifest imported) : Change
{
    public override ManifestChange Describe() => new(ChangeKind.Overwrite, Bytes: imported.Stats.Bytes);

    public override Task<Manifest> ApplyAsync(Manifest draft, Manifest? latest, IReadOnlyList<Manifest> meanwhile, CancellationToken ct)
    {
        if (latest is not null)
            throw new LakeException($"'{draft.Name}' exists already; import into a name that is free.");
        return Task.FromResult(Counted(draft with
        {
            Schema = imported.Schema,
            ArrowSchema = imported.ArrowSchema,
            NextFieldId = imported.NextFieldId,
            NextRowId = imported.NextRowId,
            MaxFragmentId = imported.MaxFragmentId,
            Bases = null,
            Fragments = imported.Fragments,
            Metadata = Merge(imported.Metadata, draft.Metadata),
        }));
    }
}
