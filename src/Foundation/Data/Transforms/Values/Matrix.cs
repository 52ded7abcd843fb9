namespace EventMl.Data.Transforms.Values;

/// <summary>Numbers by row and feature, row by row; a missing one is NaN.</summary>
internal sealed class Matrix(int rows, int width)
{
    public int Rows { get; } = rows;

    public int Width { get; } = width;

    public double[] Data { get; } = new double[checked(rows * width)];

    public Span<double> Row(int row) => Data.AsSpan(row * Width, Width);
}
