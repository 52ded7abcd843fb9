using EventMl.Data.Transforms.Fitting;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Steps;

/// <summary>Keeps the k features that tell most about a target.</summary>
internal sealed class SelectKBest : Selection
{
    private readonly int _k;
    private readonly string _score;

    public SelectKBest(StepContext step)
        : base(step)
    {
        _score = step.Parameters.Choice("score_func", "f_classif", "f_regression", "mutual_info_classif");
        if (_score == "mutual_info_classif")
            step.Require(t => t.IsCategory(), "texts, integers, bits and floats that stand for categories; put a KBinsDiscretizer with 'encode: ordinal' before it for continuous ones");
        else
            step.RequireNumbers();
        _k = step.Parameters.Count("k", 10, 1, int.MaxValue);
        if (step.Parameters.Text(StepContext.TargetKey, "").Length == 0)
            throw step.Error("'target' is missing; name the column with the label.");
        if (step.Fields.Any(f => f.Name == step.Target?.Name))
            throw step.Error($"'{step.Target!.Name}' is the target and among the columns; leave it out of the columns.");
        var fits = step.Target is null || (_score == "f_regression" ? step.Target.Type.IsNumber() : step.Target.Type.IsCategory());
        if (!fits)
            throw step.Error($"the target '{step.Target!.Name}' is {step.Target.Type}, which does not go with {_score}.");
    }

    public override IFitting Begin() => _score switch
    {
        "f_classif" => new Classes(this),
        "f_regression" => new Regression(this),
        _ => new MutualInformation(this),
    };

    // Of equal scores the later ones stay, and what has none counts least: as scikit-learn does.
    private FittedTransform Best(double[] scores) => Keep(
        Enumerable.Range(0, scores.Length).OrderBy(i => double.IsNaN(scores[i]) ? double.MinValue : scores[i]).TakeLast(_k), scores);

    private Category[] Labels(StepBatch batch)
    {
        var labels = CategoryReader.Read(Step.Place, batch.Target!);
        return Array.FindIndex(labels, l => l.IsMissing) is var missing and >= 0
            ? throw Step.Error($"the target '{Step.Target!.Name}' has no value in row {missing} of the batch; leave such rows out.")
            : labels;
    }

    /// <summary>Analysis of variance: between the classes against within them.</summary>
    private sealed class Classes(SelectKBest selection) : IFitting
    {
        private readonly Dictionary<Category, Moments[]> _classes = [];

        public void Observe(StepBatch batch)
        {
            var (matrix, labels) = (selection.Step.Complete(batch), selection.Labels(batch));
            for (var row = 0; row < matrix.Rows; row++)
            {
                if (!_classes.TryGetValue(labels[row], out var features))
                    _classes.Add(labels[row], features = Moments.For(matrix.Width));
                var numbers = matrix.Row(row);
                for (var i = 0; i < features.Length; i++)
                    features[i].Add(numbers[i]);
            }
        }

        public bool NeedsAnotherPass() => false;

        public FittedTransform Finish() => _classes.Count < 2
            ? throw selection.Step.Error($"the target '{selection.Step.Target!.Name}' has {_classes.Count} classes; at least 2 are needed.")
            : selection.Best([.. Enumerable.Range(0, selection.Step.Width).Select(Score)]);

        private double Score(int feature)
        {
            Moments[] classes = [.. _classes.OrderBy(c => c.Key, CategoryOrder.Instance).Select(c => c.Value[feature])];
            var rows = classes.Sum(c => c.Count);
            var mean = classes.Sum(c => c.Count * c.Mean) / rows;
            var between = classes.Sum(c => c.Count * (c.Mean - mean) * (c.Mean - mean));
            var within = classes.Sum(c => c.Count * c.Variance);
            return between / (classes.Length - 1) / (within / (rows - classes.Length));
        }
    }

    /// <summary>The F statistic of a regression on one feature.</summary>
    private sealed class Regression(SelectKBest selection) : IFitting
    {
        private readonly CompensatedSum[] _sums = new CompensatedSum[selection.Step.Width + 1];
        private readonly CompensatedSum[] _squares = new CompensatedSum[selection.Step.Width + 1];
        private readonly CompensatedSum[] _products = new CompensatedSum[selection.Step.Width];
        private double[]? _shift;
        private long _count;

        public void Observe(StepBatch batch)
        {
            var (matrix, targets) = (selection.Step.Complete(batch), NumberReader.Read(selection.Step.Place, [batch.Target!], batch.Rows).Data);
            for (var row = 0; row < matrix.Rows; row++)
            {
                if (double.IsNaN(targets[row]))
                    throw selection.Step.Error($"the target '{selection.Step.Target!.Name}' has no value in row {row} of the batch; leave such rows out.");
                double[] numbers = [.. matrix.Row(row), targets[row]];
                _shift ??= [.. numbers];
                _count++;
                for (var i = 0; i < numbers.Length; i++)
                {
                    numbers[i] -= _shift[i];
                    _sums[i].Add(numbers[i]);
                    _squares[i].AddProduct(numbers[i], numbers[i]);
                }

                for (var i = 0; i < _products.Length; i++)
                    _products[i].AddProduct(numbers[i], numbers[^1]);
            }
        }

        public bool NeedsAnotherPass() => false;

        public FittedTransform Finish() => _count < 3
            ? throw selection.Step.Error("a regression needs at least 3 rows.")
            : selection.Best([.. Enumerable.Range(0, _products.Length).Select(Score)]);

        private double Score(int feature)
        {
            var covariance = _products[feature].MinusProduct(_sums[feature], _sums[^1], _count);
            var square = covariance * covariance / (Spread(feature) * Spread(_sums.Length - 1));
            return square / (1 - square) * (_count - 2);
        }

        private double Spread(int column) => _squares[column].MinusProduct(_sums[column], _sums[column], _count);
    }

    /// <summary>Mutual information of categories with the classes, in nats.</summary>
    private sealed class MutualInformation(SelectKBest selection) : IFitting
    {
        private readonly Dictionary<(Category Value, Category Label), long>[] _pairs = [.. selection.Step.Fields.Select(_ => new Dictionary<(Category, Category), long>())];

        public void Observe(StepBatch batch)
        {
            var labels = selection.Labels(batch);
            for (var i = 0; i < _pairs.Length; i++)
            {
                var values = CategoryReader.Read(selection.Step.Place, batch.Columns[i]);
                for (var row = 0; row < values.Length; row++)
                    System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_pairs[i], (values[row], labels[row]), out _)++;
                if (_pairs[i].Count > selection.Step.Limits.MaxDistinct)
                    throw selection.Step.Error($"column '{selection.Step.Fields[i].Name}' has too many distinct values; put a KBinsDiscretizer with 'encode: ordinal' before this step.");
            }
        }

        public bool NeedsAnotherPass() => false;

        public FittedTransform Finish() => selection.Best([.. _pairs.Select(Score)]);

        private static double Score(Dictionary<(Category Value, Category Label), long> pairs)
        {
            var rows = (double)pairs.Values.Sum();
            var values = pairs.GroupBy(p => p.Key.Value).ToDictionary(g => g.Key, g => (double)g.Sum(p => p.Value));
            var labels = pairs.GroupBy(p => p.Key.Label).ToDictionary(g => g.Key, g => (double)g.Sum(p => p.Value));
            return Math.Max(0, pairs.OrderBy(p => p.Key.Value, CategoryOrder.Instance).ThenBy(p => p.Key.Label, CategoryOrder.Instance).Sum(p => p.Value / rows * Math.Log(p.Value * rows / (values[p.Key.Value] * labels[p.Key.Label]))));
        }
    }
}
