using EventMl.Data.Sources.Text;

namespace EventMl.Data.Sources.Json;

/// <summary>How lines of JSON objects are read.</summary>
public sealed record JsonLinesOptions : TextOptions
{
    /// <summary>Whether the fields of nested objects become columns <c>outer.inner</c>, instead of one struct column.</summary>
    public bool Flatten { get; init; }

    /// <summary>Whether a field that no sampled row had is dropped, instead of making its row a bad one.</summary>
    public bool DropUnknownFields { get; init; }
}
