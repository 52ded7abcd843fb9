using System.Text.Json;
using EventMl.Arrow;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Steps;

/// <summary>What a selection learned: the features it keeps, and the score of every one.</summary>
internal sealed record SelectionState(int[] Kept, double[] Scores);

/// <summary>Keeps some of the features: columns as they are, vectors cut down to fewer numbers.</summary>
internal sealed class FittedSelection : FittedTransform
{
    private readonly StepContext _step;
    private readonly SelectionState _state;

    // For each column made: the one it comes from, and which of its numbers.
    private readonly List<(int Column, int[] Features)> _sources = [];

    public FittedSelection(StepContext step, SelectionState state)
    {
        (_step, _state) = (step, state);
        var start = 0;
        for (var i = 0; i < step.Fields.Count; i++)
        {
            var end = start + step.Fields[i].Type.Width();
            int[] kept = [.. state.Kept.Where(f => f >= start && f < end).Select(f => f - start)];
            if (kept.Length > 0)
                _sources.Add((i, kept));
            start = end;
        }

        if (_sources.Count == 0)
            throw step.Error("no feature is left; lower 'threshold', or look at the data.");
    }

    public override IReadOnlyList<OutputColumn> Outputs => _step.Definition.Output is { } vector
        ? [OutputColumn.Vector(vector, _state.Kept.Length)]
        : [.. _sources.Select(s => Output(_step.Fields[s.Column], s.Features))];

    public override object State => _state;

    /// <summary>A check that a stored selection is of these features.</summary>
    public static bool Fits(StepContext step, SelectionState state) =>
        state.Scores.Length == step.Width && Array.TrueForAll(state.Kept, k => k >= 0 && k < step.Width);

    public override IReadOnlyList<Column> Apply(StepBatch batch, StepOutputs outputs) => _step.Definition.Output is not null
        ? outputs.Pack(Pick(_step.Numbers(batch), _state.Kept))
        : [.. _sources.Select((s, i) => batch.Columns[s.Column] is FixedSizeListColumn vector ? outputs.Pack(Cut(vector, s.Features), 0, i) : Plain(batch.Columns[s.Column], outputs.Fields[i]))];

    private static OutputColumn Output(ArrowField field, int[] features) =>
        field.Type.IsVector() ? OutputColumn.Vector(field.Name, features.Length) : OutputColumn.Other(field.Name, field.Type);

    private Matrix Cut(FixedSizeListColumn vector, int[] features) => Pick(NumberReader.Read(_step.Place, [vector], vector.Length), features);

    private Column Plain(Column column, ArrowField field) => column.Field.Type.Equals(field.Type)
        ? column
        : throw _step.Error($"column '{column.Field.Name}' is {column.Field.Type}; a selection hands columns on as they are, and this one was {field.Type}. Convert the column.");

    private static Matrix Pick(Matrix all, int[] features)
    {
        var kept = new Matrix(all.Rows, features.Length);
        for (var row = 0; row < all.Rows; row++)
        {
            for (var i = 0; i < features.Length; i++)
                kept.Row(row)[i] = all.Row(row)[features[i]];
        }

        return kept;
    }
}

/// <summary>What selections share.</summary>
internal abstract class Selection(StepContext step) : Transform(step)
{
    public override FittedTransform Load(JsonElement state) => new FittedSelection(Step, Checked(Read<SelectionState>(state), s => FittedSelection.Fits(Step, s)));

    protected FittedTransform Keep(IEnumerable<int> features, double[] scores) => new FittedSelection(Step, new SelectionState([.. features.Order()], scores));
}
