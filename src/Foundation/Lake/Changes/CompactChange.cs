using EventMl.Lake.Storage;

namespace EventMl.Lake.Changes;

/// <summary>Groups of neighbouring fragments, each to be replaced by one with the same rows under the same ids.</summary>
internal sealed class CompactChange(IReadOnlyList<CompactedGroup> groups) : Change
{
    public override ManifestChange Describe() => new(ChangeKind.Compact, [.. groups.SelectMany(g => g.Replaced)], Bytes: groups.Sum(g => g.Fragment.AllFiles().Sum(f => f.Bytes)));

    public override Task<Manifest> ApplyAsync(Manifest draft, Manifest? latest, IReadOnlyList<Manifest> meanwhile, CancellationToken ct)
    {
        var first = groups.ToDictionary(g => g.Replaced[0]);
        HashSet<int> replaced = [.. groups.SelectMany(g => g.Replaced)];
        var id = latest!.MaxFragmentId;
        var fragments = new List<ManifestFragment>();
        foreach (var fragment in latest.Fragments)
        {
            if (first.TryGetValue(fragment.Id, out var group))
                fragments.Add(group.Fragment with { Id = ++id, CreatedAtVersion = draft.Version });
            else if (!replaced.Contains(fragment.Id))
                fragments.Add(fragment);
        }

        return Task.FromResult(Counted(draft with { Fragments = fragments, MaxFragmentId = id }));
    }
}

/// <summary>Fragments by their ids, and what stands for them; its own id is given when it is committed.</summary>
internal sealed record CompactedGroup(IReadOnlyList<int> Replaced, ManifestFragment Fragment);
