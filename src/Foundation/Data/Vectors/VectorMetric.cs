using System.Runtime.InteropServices;

namespace EventMl.Data.Vectors;

/// <summary>How far two vectors are from each other; smaller is nearer for all three.</summary>
public enum VectorMetric
{
    /// <summary>The squared Euclidean distance.</summary>
    L2,

    /// <summary>The negative inner product, so that the largest product is the nearest.</summary>
    InnerProduct,

    /// <summary>One minus the cosine of the angle, from 0 (same direction) to 2; a vector of zeros has no angle and is near to nothing.</summary>
    Cosine,
}

/// <summary>A row that was found, and its distance as the metric defines it.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Neighbor(long RowId, float Distance) : IComparable<Neighbor>
{
    /// <summary>Nearer first, then the smaller row id.</summary>
    public int CompareTo(Neighbor other) => Distance.CompareTo(other.Distance) is var order and not 0 ? order : RowId.CompareTo(other.RowId);

    /// <summary>Whether one comes before the other.</summary>
    public static bool operator <(Neighbor left, Neighbor right) => left.CompareTo(right) < 0;

    /// <summary>Whether one comes after the other.</summary>
    public static bool operator >(Neighbor left, Neighbor right) => left.CompareTo(right) > 0;

    /// <summary>Whether one comes before the other or is equal.</summary>
    public static bool operator <=(Neighbor left, Neighbor right) => left.CompareTo(right) <= 0;

    /// <summary>Whether one comes after the other or is equal.</summary>
    public static bool operator >=(Neighbor left, Neighbor right) => left.CompareTo(right) >= 0;
}
