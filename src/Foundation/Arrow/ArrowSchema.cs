using System.Collections.ObjectModel;

namespace EventMl.Arrow;

/// <summary>One named column of a schema.</summary>
public sealed class ArrowField(string name, ArrowType type, bool nullable = true, IReadOnlyDictionary<string, string>? metadata = null) : IEquatable<ArrowField>
{
    /// <summary>The column's name.</summary>
    public string Name { get; } = name;

    /// <summary>The column's type.</summary>
    public ArrowType Type { get; } = type;

    /// <summary>Whether rows may be null.</summary>
    public bool Nullable { get; } = nullable;

    /// <summary>Free key-value pairs kept with the column.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; } = metadata ?? ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Same name, type, nullability and metadata.</summary>
    public bool Equals(ArrowField? other) => other is not null && Name == other.Name && Nullable == other.Nullable && Type.Equals(other.Type)
        && Metadata.Count == other.Metadata.Count && Metadata.All(pair => other.Metadata.TryGetValue(pair.Key, out var value) && value == pair.Value);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as ArrowField);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Name, Type, Nullable);

    /// <inheritdoc />
    public override string ToString() => $"{Name}: {Type}{(Nullable ? "" : " not null")}";
}

/// <summary>The columns of a file or stream, in order, with free metadata.</summary>
public sealed class ArrowSchema(IReadOnlyList<ArrowField> fields, IReadOnlyDictionary<string, string>? metadata = null)
{
    /// <summary>The columns in order.</summary>
    public IReadOnlyList<ArrowField> Fields { get; } = [.. fields];

    /// <summary>Free key-value pairs kept with the schema.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; } = metadata ?? ReadOnlyDictionary<string, string>.Empty;

    /// <summary>The position of the first column called <paramref name="name"/>, or -1.</summary>
    public int IndexOf(string name)
    {
        for (var i = 0; i < Fields.Count; i++)
        {
            if (string.Equals(Fields[i].Name, name, StringComparison.Ordinal))
                return i;
        }

        return -1;
    }

    /// <summary>Whether both have equal columns in the same order; schema metadata does not matter.</summary>
    public bool HasSameFieldsAs(ArrowSchema other) => Fields.SequenceEqual(other.Fields);

    /// <inheritdoc />
    public override string ToString() => string.Join(", ", Fields);
}
