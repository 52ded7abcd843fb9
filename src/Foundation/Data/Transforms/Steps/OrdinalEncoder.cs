using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Data.Transforms.Fitting;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Steps;

/// <summary>The place of each category in their order.</summary>
internal sealed class OrdinalEncoder : Transform
{
    private readonly double? _unknown;
    private readonly double _missing;

    public OrdinalEncoder(StepContext step)
        : base(step)
    {
        step.Require(t => t.IsCategory(), "texts, integers, bits and floats");
        var use = step.Parameters.Choice("handle_unknown", "error", "use_encoded_value") == "use_encoded_value";
        if (use != step.Parameters.Has("unknown_value"))
            throw step.Error("'unknown_value' and 'handle_unknown: use_encoded_value' belong together; give both or none.");
        _unknown = step.Parameters.Number("unknown_value");
        _missing = step.Parameters.Number("encoded_missing_value") ?? double.NaN;
    }

    public override IFitting Begin() => new Fitting(this);

    public override FittedTransform Load(JsonElement state) => new Fitted(this, Checked(Read<JsonNode?[][]>(state), s => s.Length == Step.Fields.Count));

    private sealed class Fitting(OrdinalEncoder encoder) : IFitting
    {
        private readonly CategoryCounts[] _columns = [.. encoder.Step.Fields.Select(f => new CategoryCounts(encoder.Step, f.Name))];

        public void Observe(StepBatch batch)
        {
            for (var i = 0; i < _columns.Length; i++)
                _columns[i].Add(CategoryReader.Read(encoder.Step.Place, batch.Columns[i]));
        }

        public bool NeedsAnotherPass() => false;

        public FittedTransform Finish() =>
            new Fitted(encoder, [.. _columns.Select(c => c.Sorted().Where(p => !p.Key.IsMissing).Select(p => p.Key.ToJson()).ToArray())]);
    }

    private sealed class Fitted : FittedMatrix
    {
        private readonly OrdinalEncoder _encoder;
        private readonly JsonNode?[][] _state;
        private readonly Dictionary<Category, int>[] _places;

        public Fitted(OrdinalEncoder encoder, JsonNode?[][] state)
            : base(encoder.Step)
        {
            (_encoder, _state) = (encoder, state);
            try
            {
                _places = [.. state.Select((s, column) => s.Select((c, i) => (Category: Category.Read(c, Step.Fields[column].Type), i)).ToDictionary(p => p.Category, p => p.i))];
            }
            catch (Exception e) when (e is FormatException or InvalidOperationException or ArgumentException)
            {
                throw new TransformException($"{Step.Place}: the stored categories are damaged: {e.Message}", e);
            }
        }

        public override object State => _state;

        protected override Matrix Apply(StepBatch batch)
        {
            var matrix = new Matrix(batch.Rows, _places.Length);
            for (var i = 0; i < _places.Length; i++)
            {
                var categories = CategoryReader.Read(Step.Place, batch.Columns[i]);
                for (var row = 0; row < categories.Length; row++)
                    matrix.Row(row)[i] = Encode(i, categories[row], row);
            }

            return matrix;
        }

        private double Encode(int column, Category category, int row) =>
            category.IsMissing ? _encoder._missing
            : _places[column].TryGetValue(category, out var place) ? place
            : _encoder._unknown ?? throw Step.Error(
                $"column '{Step.Fields[column].Name}' has '{category}' in row {row} of the batch, which was not there when the step was fitted; set 'handle_unknown' to use_encoded_value with an 'unknown_value', or fit again.");
    }
}
