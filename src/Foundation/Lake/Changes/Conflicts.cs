using EventMl.Lake.Storage;

namespace EventMl.Lake.Changes;

/// <summary>Whether a change can be put on top of one that was committed since the version it was based on.</summary>
internal static class Conflicts
{
    public static (LakeConflict Outcome, string Why) Judge(ManifestChange mine, Manifest other)
    {
        var theirs = other.Change ?? new ManifestChange(other.ChangeKind);
        return (mine.Kind, theirs.Kind) switch
        {
            (ChangeKind.Overwrite or ChangeKind.Restore or ChangeKind.Clone, _) => (LakeConflict.Incompatible, "replacing everything would take back what it did"),
            (_, ChangeKind.Overwrite or ChangeKind.Restore or ChangeKind.Clone) => (LakeConflict.Incompatible, "it replaced everything"),
            (ChangeKind.AddColumns, ChangeKind.AddColumns) when Common(mine.Columns, theirs.Columns) is { } names => (LakeConflict.Incompatible, $"it added {names} too"),
            (ChangeKind.AddColumns, ChangeKind.Compact) when Touches(mine, theirs) => (LakeConflict.Retryable, "it moved rows that the new columns were computed for"),
            (ChangeKind.DropColumns, ChangeKind.DropColumns) when Common(mine.Columns, theirs.Columns) is { } names => (LakeConflict.Retryable, $"it dropped {names} too"),
            (ChangeKind.Compact, ChangeKind.Delete) when Touches(mine, theirs) => (LakeConflict.Retryable, "it deleted rows of the files that were compacted"),
            (ChangeKind.Compact, ChangeKind.AddColumns) when Touches(mine, theirs) => (LakeConflict.Retryable, "it added columns to the rows that were compacted"),
            (ChangeKind.Compact, ChangeKind.Compact) when Touches(mine, theirs) => (LakeConflict.Retryable, "it compacted the same files"),
            _ => (LakeConflict.Rebasable, ""),
        };
    }

    /// <summary>Throws unless a change can be put on top of another.</summary>
    public static void Check(ManifestChange mine, Manifest other)
    {
        if (Judge(mine, other) is (not LakeConflict.Rebasable and var outcome, var why))
            throw Lost(outcome, other.Name, other.Version, why);
    }

    public static LakeConflictException Lost(LakeConflict outcome, string name, long version, string why) => new(outcome, outcome == LakeConflict.Retryable
        ? $"'{name}' got version {version} meanwhile, and {why}; do the work again from the latest version."
        : $"'{name}' got version {version} meanwhile, and {why}; look at that version and decide anew.");

    private static bool Touches(ManifestChange mine, ManifestChange theirs) => (mine.Fragments ?? []).Intersect(theirs.Fragments ?? []).Any();

    private static string? Common(IReadOnlyList<string>? mine, IReadOnlyList<string>? theirs)
    {
        string[] both = [.. (mine ?? []).Intersect(theirs ?? [], StringComparer.Ordinal)];
        return both.Length == 0 ? null : string.Join(", ", both.Select(n => $"'{n}'"));
    }
}
