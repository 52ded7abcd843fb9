using EventMl.Arrow;

namespace EventMl.Data.Quality;

/// <summary>
/// Finds rows that are odd by several numeric columns together (Liu, Ting, Zhou 2008): 100 trees of random cuts, each over 256 rows; odd rows are cut off early.
/// The same rows and seed give the same forest.
/// </summary>
public sealed class IsolationForest
{
    private const int Trees = 100;
    private const int RowsPerTree = 256;
    private const int SampledRows = 16_384;

    private readonly string[] _columns;
    private readonly double[] _fill;
    private readonly Node[] _trees;
    private readonly double _usualDepth;

    private IsolationForest(string[] columns, double[] fill, Node[] trees, double usualDepth) => (_columns, _fill, _trees, _usualDepth) = (columns, fill, trees, usualDepth);

    /// <summary>Grows a forest over a uniform sample of the rows; nulls, NaN and infinities count as the sample's median.</summary>
    /// <exception cref="ArgumentException">There are no rows, or a column holds no numbers.</exception>
    public static IsolationForest Fit(IEnumerable<RecordBatch> batches, IReadOnlyList<string> columns, int seed = 1)
    {
        var random = new Random(seed);
        var sample = Sample(batches, columns, random);
        if (sample.Count == 0 || columns.Count == 0)
            throw new ArgumentException("An isolation forest needs at least one row and one numeric column.", nameof(batches));
        double[] fill = [.. Enumerable.Range(0, columns.Count).Select(c => sample.Select(r => r[c]).Where(double.IsFinite).Order().ToArray() is { Length: > 0 } known ? RobustSpread.MedianOf(known) : 0)];
        foreach (var row in sample)
            Fill(row, fill);
        var size = Math.Min(RowsPerTree, sample.Count);
        var depth = (int)Math.Ceiling(Math.Log2(Math.Max(2, size)));
        Node[] trees = [.. Enumerable.Range(0, Trees).Select(_ =>
        {
            // The first places of a partly shuffled sample are a sample without repetition.
            for (var i = 0; i < size; i++)
            {
                var other = random.Next(i, sample.Count);
                (sample[i], sample[other]) = (sample[other], sample[i]);
            }

            return Grow(sample.GetRange(0, size), depth, random);
        })];
        return new IsolationForest([.. columns], fill, trees, AverageDepth(size));
    }

    /// <summary>A score per row of a batch, 0 to 1: about 0.5 is usual, from 0.65 on odd.</summary>
    public double[] Score(RecordBatch batch)
    {
        var columns = Read(batch, _columns);
        var scores = new double[batch.Length];
        var row = new double[_columns.Length];
        for (var i = 0; i < scores.Length; i++)
        {
            Copy(columns, i, row);
            Fill(row, _fill);
            scores[i] = Math.Pow(2, -_trees.Average(t => t.Depth(row, 0)) / Math.Max(_usualDepth, 1));
        }

        return scores;
    }

    private static List<double[]> Sample(IEnumerable<RecordBatch> batches, IReadOnlyList<string> names, Random random)
    {
        var sample = new List<double[]>();
        var seen = 0L;
        foreach (var batch in batches)
        {
            var columns = Read(batch, names);
            for (var i = 0; i < batch.Length; i++)
            {
                var place = seen++ < SampledRows ? sample.Count : random.NextInt64(seen);
                if (place >= SampledRows)
                    continue;
                if (place == sample.Count)
                    sample.Add(new double[names.Count]);
                Copy(columns, i, sample[(int)place]);
            }
        }

        return sample;
    }

    private static ColumnValues[] Read(RecordBatch batch, IReadOnlyList<string> names) =>
    [
        .. names.Select(n => new ColumnValues(batch.Column(n)) is { Class: ValueClass.Number } values
            ? values
            : throw new ArgumentException($"Column '{n}' is {batch.Column(n).Field.Type}; an isolation forest takes numbers.", nameof(names))),
    ];

    private static void Copy(ColumnValues[] columns, int row, double[] into)
    {
        for (var c = 0; c < columns.Length; c++)
            into[c] = columns[c].IsNull(row) ? double.NaN : columns[c].Numbers[row];
    }

    private static void Fill(double[] row, double[] fill)
    {
        for (var c = 0; c < row.Length; c++)
        {
            if (!double.IsFinite(row[c]))
                row[c] = fill[c];
        }
    }

    private static Node Grow(List<double[]> rows, int depth, Random random)
    {
        if (depth == 0 || rows.Count <= 1)
            return new Node(-1, 0, null, null, AverageDepth(rows.Count));
        var column = random.Next(rows[0].Length);
        var (min, max) = (rows.Min(r => r[column]), rows.Max(r => r[column]));
        var cut = min + (random.NextDouble() * (max - min));
        if (!(min < max) || !double.IsFinite(cut))
            return new Node(-1, 0, null, null, AverageDepth(rows.Count));
        return new Node(column, cut, Grow(rows.FindAll(r => r[column] <= cut), depth - 1, random), Grow(rows.FindAll(r => r[column] > cut), depth - 1, random), 0);
    }

    /// <summary>How deep a search that fails goes on average in a binary tree of so many rows.</summary>
    private static double AverageDepth(int rows) => rows switch
    {
        <= 1 => 0,
        2 => 1,
        _ => (2 * (Math.Log(rows - 1) + 0.5772156649)) - (2.0 * (rows - 1) / rows),
    };

    private sealed record Node(int Column, double Cut, Node? Low, Node? High, double Rest)
    {
        public double Depth(double[] row, int depth) => Column < 0 ? depth + Rest : (row[Column] <= Cut ? Low! : High!).Depth(row, depth + 1);
    }
}
