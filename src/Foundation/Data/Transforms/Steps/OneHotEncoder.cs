using System.Text.Json;
using System.Text.Json.Nodes;
using EventMl.Data.Transforms.Fitting;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Steps;

/// <summary>One column of 0 and 1 for each category; rare ones may share a column.</summary>
internal sealed class OneHotEncoder : Transform
{
    private readonly string _unknown;
    private readonly string _drop;
    private readonly double? _minFrequency;
    private readonly int? _maxCategories;

    public OneHotEncoder(StepContext step)
        : base(step)
    {
        step.Require(t => t.IsCategory(), "texts, integers, bits and floats");
        _unknown = step.Parameters.Choice("handle_unknown", "error", "ignore", "infrequent_if_exist");
        _drop = step.Parameters.Choice("drop", "none", "first", "if_binary");
        _minFrequency = step.Parameters.Number("min_frequency");
        if (_minFrequency is <= 0)
            throw step.Error("'min_frequency' must be above 0: a count of rows, or below 1 a share of them.");
        _maxCategories = step.Parameters.Count("max_categories", 1);
    }

    public override IFitting Begin() => new Fitting(this);

    public override FittedTransform Load(JsonElement state)
    {
        var columns = Checked(Read<ColumnState[]>(state), s => s.Length == Step.Fields.Count && Array.TrueForAll(s, c => c is not null && c.Categories.Length == c.Infrequent.Length));
        try
        {
            return new Fitted(Step, columns, _unknown, _drop);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or ArgumentException)
        {
            throw new TransformException($"{Step.Place}: the stored categories are damaged: {e.Message}", e);
        }
    }

    /// <summary>Which of the categories are rare; fewer are left than may be where they are counted equal.</summary>
    private bool[] FindInfrequent(CategoryCounts counts)
    {
        var categories = counts.Sorted();
        var limit = _minFrequency is { } share and < 1 ? share * counts.Total : _minFrequency ?? 0;
        bool[] infrequent = [.. categories.Select(c => c.Value < limit)];
        var frequent = infrequent.Count(i => !i);
        if (_maxCategories is { } max && max < frequent + (frequent < infrequent.Length ? 1 : 0))
        {
            foreach (var index in Enumerable.Range(0, infrequent.Length).OrderBy(i => categories[i].Value).SkipLast(max - 1))
                infrequent[index] = true;
        }

        return infrequent;
    }

    internal sealed record ColumnState(JsonNode?[] Categories, bool[] Infrequent);

    private sealed class Fitting(OneHotEncoder encoder) : IFitting
    {
        private readonly CategoryCounts[] _columns = [.. encoder.Step.Fields.Select(f => new CategoryCounts(encoder.Step, f.Name))];

        public void Observe(StepBatch batch)
        {
            for (var i = 0; i < _columns.Length; i++)
                _columns[i].Add(CategoryReader.Read(encoder.Step.Place, batch.Columns[i]));
        }

        public bool NeedsAnotherPass() => false;

        public FittedTransform Finish() => new Fitted(
            encoder.Step,
            [.. _columns.Select(c => new ColumnState([.. c.Sorted().Select(p => p.Key.ToJson())], encoder.FindInfrequent(c)))],
            encoder._unknown,
            encoder._drop);
    }

    private sealed class Fitted : FittedMatrix
    {
        private const int Nowhere = -1;
        private readonly ColumnState[] _state;
        private readonly Dictionary<Category, int>[] _places;
        private readonly int[] _unknown;
        private readonly bool _refuse;
        private readonly List<OutputColumn> _outputs = [];

        public Fitted(StepContext step, ColumnState[] state, string unknown, string drop)
            : base(step)
        {
            (_state, _refuse) = (state, unknown == "error");
            _places = new Dictionary<Category, int>[state.Length];
            _unknown = new int[state.Length];
            for (var i = 0; i < state.Length; i++)
                (_places[i], _unknown[i]) = Place(i, unknown == "infrequent_if_exist", drop);
        }

        public override IReadOnlyList<OutputColumn> Outputs => _outputs;

        public override object State => _state;

        protected override Matrix Apply(StepBatch batch)
        {
            var matrix = new Matrix(batch.Rows, _outputs.Count);
            for (var i = 0; i < _places.Length; i++)
            {
                var categories = CategoryReader.Read(Step.Place, batch.Columns[i]);
                for (var row = 0; row < categories.Length; row++)
                {
                    if (!_places[i].TryGetValue(categories[row], out var place))
                        place = _refuse ? throw Unknown(i, categories[row], row) : _unknown[i];
                    if (place != Nowhere)
                        matrix.Row(row)[place] = 1;
                }
            }

            return matrix;
        }

        /// <summary>Where in a row of output each category of a column has its 1, and where an unknown one.</summary>
        private (Dictionary<Category, int> Places, int Unknown) Place(int column, bool unknownIsRare, string drop)
        {
            var (field, state) = (Step.Fields[column], _state[column]);
            Category[] categories = [.. state.Categories.Select(c => Category.Read(c, field.Type))];
            var rare = Array.Exists(state.Infrequent, r => r);
            var names = categories.Where((_, i) => !state.Infrequent[i]).Select(c => $"{field.Name}_{c}").ToList();
            if (rare)
                names.Add($"{field.Name}_infrequent_sklearn");
            var dropped = drop == "first" || (drop == "if_binary" && names.Count == 2) ? 1 : 0;
            var (start, places, next) = (_outputs.Count, new Dictionary<Category, int>(), 0);
            _outputs.AddRange(names.Skip(dropped).Select(OutputColumn.Scalar));
            var last = At(names.Count - 1);
            for (var i = 0; i < categories.Length; i++)
                places.Add(categories[i], state.Infrequent[i] ? last : At(next++));
            return (places, rare && unknownIsRare ? last : Nowhere);

            int At(int position) => position < dropped ? Nowhere : start + position - dropped;
        }

        private TransformException Unknown(int column, Category category, int row) => Step.Error(
            $"column '{Step.Fields[column].Name}' has {(category.IsMissing ? "no value" : $"'{category}'")} in row {row} of the batch, which was not there when the step was fitted; set 'handle_unknown' to ignore or infrequent_if_exist, or fit again.");
    }
}
