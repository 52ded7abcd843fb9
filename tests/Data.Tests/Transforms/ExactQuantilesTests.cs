using EventMl.Data.Transforms.Fitting;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Tests.Transforms;

public sealed class ExactQuantilesTests
{
    private static readonly double[] s_probabilities = [.. Enumerable.Range(0, 101).Select(p => p / 100.0)];

    [Theory]
    [InlineData(long.MaxValue, 1)]
    [InlineData(100_000, 3)]
    [InlineData(50, 5)]
    [InlineData(0, 5)]
    public void Quantiles_are_exact_when_memory_is_short(long valuesInMemory, int passes)
    {
        var random = new Random(7);
        double[] values =
        [
            .. Enumerable.Range(0, 200_000).Select(i => i % 3 == 0 ? random.Next(-5, 5) : i % 3 == 1 ? random.NextDouble() : BitConverter.Int64BitsToDouble(random.NextInt64())).Where(double.IsFinite),
            double.MaxValue, double.MinValue, double.Epsilon, -double.Epsilon, -0.0,
        ];
        var quantiles = new ExactQuantiles(1, _ => s_probabilities, valuesInMemory);
        var seen = 0;
        do
        {
            seen++;
            foreach (var chunk in values.Chunk(999))
            {
                var matrix = new Matrix(chunk.Length, 1);
                chunk.CopyTo(matrix.Data, 0);
                quantiles.Add(matrix);
            }
        }
        while (quantiles.NeedsAnotherPass());

        seen.ShouldBeLessThanOrEqualTo(passes);
        Array.Sort(values);
        for (var i = 0; i < s_probabilities.Length; i++)
        {
            var rank = s_probabilities[i] * (values.Length - 1);
            var (low, high) = (values[(int)rank], values[Math.Min((int)rank + 1, values.Length - 1)]);
            quantiles.Get(0, i).ShouldBeInRange(low, high);
            if (rank == Math.Floor(rank))
                quantiles.Get(0, i).ShouldBe(low);
        }
    }
}
