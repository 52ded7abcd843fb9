using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Arrow;
using EventMl.Data.Transforms.Fitting;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Steps;

/// <summary>Puts one value per feature where none is: of numbers their mean, median or most frequent one, of texts the most frequent; or a constant.</summary>
internal sealed class SimpleImputer : Transform
{
    private readonly string _strategy;
    private readonly bool _texts;
    private readonly Category _constant;

    public SimpleImputer(StepContext step)
        : base(step)
    {
        _texts = step.Fields.All(f => f.Type.IsText());
        _strategy = step.Parameters.Choice("strategy", "mean", "median", "most_frequent", "constant");
        if (_texts && _strategy is "mean" or "median")
            throw step.Error($"texts have no {_strategy}; set 'strategy' to most_frequent or constant.");
        if (!_texts)
            step.Require(t => t.IsNumber() || t.IsVector(), "numbers, or on texts: fill columns of both kinds in two steps");
        var fill = step.Parameters.Consume("fill_value");
        if (fill is not null && _strategy != "constant")
            throw step.Error("'fill_value' belongs to the strategy constant.");
        var fits = fill is null || fill.GetValueKind() == (_texts ? JsonValueKind.String : JsonValueKind.Number);
        if (!fits)
            throw step.Error($"'fill_value' is {fill!.ToJsonString()}; the columns hold {(_texts ? "texts" : "numbers")}.");
        _constant = fill is null ? (_texts ? Category.Of("missing_value") : Category.Of(0.0)) : Category.Read(fill, ArrowType.Of(_texts ? ArrowKind.Utf8 : ArrowKind.Float64));
    }

    public override IFitting? Begin() => _strategy switch
    {
        "mean" => new MomentsFitting(Step, features => Numbers([.. features.Select(f => f.Mean)])),
        "median" => new QuantilesFitting(Step, _ => [0.5], quantiles => Numbers([.. Enumerable.Range(0, Step.Width).Select(i => quantiles.Get(i, 0))])),
        "most_frequent" => _texts ? new TextModes(this) : new NumberModes(this),
        _ => null,
    };

    public override FittedTransform Load(JsonElement state)
    {
        if (_strategy == "constant")
            return _texts ? Texts([.. Step.Fields.Select(_ => _constant.Text!)]) : Numbers([.. Enumerable.Repeat(_constant.Number, Step.Width)]);
        return _texts
            ? Texts(Checked(Read<string[]>(state), s => s.Length == Step.Fields.Count && !Array.Exists(s, t => t is null)))
            : Numbers(Checked(Read<double[]>(state), s => s.Length == Step.Width));
    }

    private FittedNumbers Numbers(double[] fill) => new(Step, fill);

    private FittedTexts Texts(string[] fill) => new(Step, fill);

    private static Category Mode(CategoryCounts counts, StepContext step, string name) =>
        counts.MostFrequent() ?? throw step.Error($"column '{name}' has no value at all; leave it out, or set 'strategy' to constant.");

    private sealed class NumberModes(SimpleImputer imputer) : IFitting
    {
        private readonly CategoryCounts[] _features = [.. imputer.Step.FeatureNames().Select(n => new CategoryCounts(imputer.Step, n))];

        public void Observe(StepBatch batch)
        {
            var matrix = imputer.Step.Numbers(batch);
            for (var i = 0; i < matrix.Data.Length; i++)
                _features[i % matrix.Width].Add(Category.Of(matrix.Data[i]));
        }

        public bool NeedsAnotherPass() => false;

        public FittedTransform Finish() => imputer.Numbers([.. _features.Select(f => Mode(f, imputer.Step, f.Name).Number)]);
    }

    private sealed class TextModes(SimpleImputer imputer) : IFitting
    {
        private readonly CategoryCounts[] _features = [.. imputer.Step.Fields.Select(f => new CategoryCounts(imputer.Step, f.Name))];

        public void Observe(StepBatch batch)
        {
            for (var i = 0; i < _features.Length; i++)
                _features[i].Add(CategoryReader.Read(imputer.Step.Place, batch.Columns[i]));
        }

        public bool NeedsAnotherPass() => false;

        public FittedTransform Finish() => imputer.Texts([.. _features.Select(f => Mode(f, imputer.Step, f.Name).Text!)]);
    }

    private sealed class FittedNumbers(StepContext step, double[] fill) : FittedMatrix(step)
    {
        public override object State => fill;

        protected override Matrix Apply(StepBatch batch)
        {
            var matrix = Step.Numbers(batch);
            for (var i = 0; i < matrix.Data.Length; i++)
            {
                if (double.IsNaN(matrix.Data[i]))
                    matrix.Data[i] = fill[i % fill.Length];
            }

            return matrix;
        }
    }

    private sealed class FittedTexts(StepContext step, string[] fill) : FittedTransform
    {
        public override IReadOnlyList<OutputColumn> Outputs => [.. step.Fields.Select(f => OutputColumn.Other(f.Name, ArrowType.Of(ArrowKind.Utf8)))];

        public override object State => fill;

        public override IReadOnlyList<Column> Apply(StepBatch batch, StepOutputs outputs)
        {
            var columns = new Column[fill.Length];
            for (var i = 0; i < columns.Length; i++)
            {
                var builder = (Utf8Builder)ColumnBuilder.For(outputs.Fields[i]);
                foreach (var text in CategoryReader.Texts(batch.Columns[i]))
                    builder.Append(text ?? fill[i]);
                columns[i] = builder.Build();
            }

            return columns;
        }
    }
}
