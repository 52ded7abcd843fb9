using System.Globalization;
using System.Text.Json;
using EventMl.Arrow;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Steps;

/// <summary>A long vector that most features of a row leave at 0, written sparse or whole.</summary>
internal abstract class FittedSparse(StepContext step, string name, int width, bool sparse) : FittedTransform
{
    /// <summary>Widest vector that is written whole.</summary>
    public const int MaxWhole = 65_536;

    protected StepContext Step { get; } = step;

    public override IReadOnlyList<OutputColumn> Outputs => sparse
        ? [OutputColumn.Other(name, SparseVector.Type)]
        : width <= MaxWhole ? [OutputColumn.Vector(name, width)]
        : throw Step.Error($"a whole vector has at most {MaxWhole} numbers, this one {width}; leave 'sparse' true, or make it narrower.");

    public override IReadOnlyList<Column> Apply(StepBatch batch, StepOutputs outputs)
    {
        var rows = Rows(batch);
        if (!sparse)
        {
            var matrix = new Matrix(batch.Rows, width);
            for (var row = 0; row < rows.Length; row++)
            {
                foreach (var (index, value) in rows[row])
                    matrix.Row(row)[index] = value;
            }

            return outputs.Pack(matrix);
        }

        var builder = (StructBuilder)ColumnBuilder.For(outputs.Fields[0]);
        foreach (var row in rows)
        {
            var sorted = row.OrderBy(p => p.Key).ToList();
            new SparseVector([.. sorted.Select(p => p.Key)], [.. sorted.Select(p => p.Value)]).AppendTo(builder);
        }

        return [builder.Build()];
    }

    /// <summary>For each row its numbers by position.</summary>
    protected abstract Dictionary<int, double>[] Rows(StepBatch batch);

    /// <summary>Adds a feature at the place of its hash.</summary>
    protected static void AddHashed(Dictionary<int, double> row, string feature, double value, int width, bool signed)
    {
        var hash = MurmurHash3.Hash(feature);
        var index = (int)(Math.Abs((long)hash) % width);
        row[index] = row.GetValueOrDefault(index) + (signed && hash < 0 ? -value : value);
    }
}

/// <summary>Categories and numbers of a row at places given by a hash of their names, so that nothing has to be learned.</summary>
internal sealed class FeatureHasher : Transform
{
    private readonly int _width;
    private readonly bool _signed;
    private readonly bool _sparse;

    public FeatureHasher(StepContext step)
        : base(step)
    {
        step.Require(t => t.IsText() || t.IsNumber(), "texts and numbers");
        _width = step.Parameters.Count("n_features", 1 << 20, 1, int.MaxValue);
        (_signed, _sparse) = (step.Parameters.Flag("alternate_sign", true), step.Parameters.Flag("sparse", true));
    }

    public override FittedTransform Load(JsonElement state) => new Fitted(Step, this);

    private sealed class Fitted(StepContext step, FeatureHasher hasher) : FittedSparse(step, "hashed", hasher._width, hasher._sparse)
    {
        protected override Dictionary<int, double>[] Rows(StepBatch batch)
        {
            Dictionary<int, double>[] rows = [.. Enumerable.Range(0, batch.Rows).Select(_ => new Dictionary<int, double>())];
            for (var i = 0; i < batch.Columns.Count; i++)
            {
                var name = Step.Fields[i].Name;
                var texts = Step.Fields[i].Type.IsText() ? CategoryReader.Texts(batch.Columns[i]) : null;
                var numbers = texts is null ? NumberReader.Read(Step.Place, [batch.Columns[i]], batch.Rows).Data : null;
                for (var row = 0; row < rows.Length; row++)
                {
                    if (texts?[row] is { } text)
                        AddHashed(rows[row], string.Create(CultureInfo.InvariantCulture, $"{name}={text}"), 1, hasher._width, hasher._signed);
                    else if (numbers?[row] is { } number && number != 0 && !double.IsNaN(number))
                        AddHashed(rows[row], name, number, hasher._width, hasher._signed);
                }
            }

            return rows;
        }
    }
}
