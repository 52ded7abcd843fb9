using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Fitting;

/// <summary>How often each category of one column occurs.</summary>
internal sealed class CategoryCounts(StepContext step, string name)
{
    private readonly Dictionary<Category, long> _counts = [];

    public string Name => name;

    public long Total { get; private set; }

    public void Add(ReadOnlySpan<Category> categories)
    {
        foreach (var category in categories)
            Add(category);
    }

    public void Add(Category category)
    {
        Total++;
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_counts, category, out var known)++;
        if (!known && _counts.Count > step.Limits.MaxDistinct)
            throw step.Error($"column '{name}' has more than {step.Limits.MaxDistinct} distinct values; use FeatureHasher for texts and KBinsDiscretizer for numbers.");
    }

    /// <summary>The categories in their order, a missing one last, each with its count.</summary>
    public IReadOnlyList<KeyValuePair<Category, long>> Sorted() => [.. _counts.OrderBy(c => c.Key, CategoryOrder.Instance)];

    /// <summary>The most frequent category that is not missing, the smallest one of equals.</summary>
    public Category? MostFrequent()
    {
        var most = _counts.Where(c => !c.Key.IsMissing).OrderByDescending(c => c.Value).ThenBy(c => c.Key, CategoryOrder.Instance).Take(1).ToList();
        return most.Count == 0 ? null : most[0].Key;
    }
}
