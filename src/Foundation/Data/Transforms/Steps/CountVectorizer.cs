using System.Runtime.InteropServices;
using System.Text.Json;
using EventMl.Data.Transforms.Values;

namespace EventMl.Data.Transforms.Steps;

/// <summary>What was learned of a vocabulary: its terms in order, and their weights where they have some.</summary>
internal sealed record VocabularyState(string[] Terms, double[]? Idf);

/// <summary>How often each term of a learned vocabulary occurs in a text.</summary>
internal class CountVectorizer : Transform
{
    private readonly TextAnalyzer _analyzer;
    private readonly double _minDocuments;
    private readonly double _maxDocuments;
    private readonly int? _maxTerms;
    private readonly bool _binary;
    private readonly bool _sparse;

    public CountVectorizer(StepContext step)
        : base(step)
    {
        _analyzer = new TextAnalyzer(step);
        _minDocuments = step.Parameters.Number("min_df", 1, min: 0);
        _maxDocuments = step.Parameters.Number("max_df", 1, min: 0);
        _maxTerms = step.Parameters.Count("max_features", 1);
        (_binary, _sparse) = (step.Parameters.Flag("binary", false), step.Parameters.Flag("sparse", true));
    }

    public override IFitting Begin() => new Fitting(this);

    public override FittedTransform Load(JsonElement state)
    {
        var vocabulary = Checked(Read<VocabularyState>(state), s => s.Terms.Length > 0 && !Array.Exists(s.Terms, t => t is null) && s.Idf is null == !IsWeighted
            && (s.Idf is null || s.Idf.Length == s.Terms.Length) && s.Terms.Distinct(StringComparer.Ordinal).Count() == s.Terms.Length);
        return new Fitted(this, vocabulary);
    }

    protected virtual bool IsWeighted => false;

    /// <summary>The weight of a term that occurs in some of all texts.</summary>
    protected virtual double Weigh(long texts, long with) => 1;

    /// <summary>Makes what counts of terms stand for out of them.</summary>
    protected virtual void Finish(Span<double> counts)
    {
    }

    protected virtual double Damp(double count) => count;

    /// <summary>The terms of one text and how often each occurs; no text has none.</summary>
    private Dictionary<string, int> Count(string? text)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var term in text is null ? [] : _analyzer.Terms(text))
            CollectionsMarshal.GetValueRefOrAddDefault(counts, term, out _)++;
        return counts;
    }

    private sealed class Fitting(CountVectorizer vectorizer) : IFitting
    {
        private readonly Dictionary<string, (long Texts, long Total)> _terms = new(StringComparer.Ordinal);
        private long _texts;

        public void Observe(StepBatch batch)
        {
            foreach (var text in CategoryReader.Texts(batch.Columns[0]))
            {
                _texts++;
                foreach (var (term, count) in vectorizer.Count(text))
                {
                    ref var seen = ref CollectionsMarshal.GetValueRefOrAddDefault(_terms, term, out _);
                    seen = (seen.Texts + 1, seen.Total + (vectorizer._binary ? 1 : count));
                }

                if (_terms.Count > vectorizer.Step.Limits.MaxDistinct)
                    throw vectorizer.Step.Error($"the texts have more than {vectorizer.Step.Limits.MaxDistinct} distinct terms; use HashingVectorizer, which learns none.");
            }
        }

        public bool NeedsAnotherPass() => false;

        public FittedTransform Finish()
        {
            var min = vectorizer._minDocuments < 1 ? vectorizer._minDocuments * _texts : vectorizer._minDocuments;
            var max = vectorizer._maxDocuments <= 1 ? vectorizer._maxDocuments * _texts : vectorizer._maxDocuments;
            var terms = _terms.Where(t => t.Value.Texts >= min && t.Value.Texts <= max).OrderBy(t => t.Key, CodePointOrder.Instance).ToList();
            if (terms.Count == 0)
                throw vectorizer.Step.Error(_terms.Count == 0 ? "the texts hold no term." : "no term is left; lower 'min_df' or raise 'max_df'.");
            if (vectorizer._maxTerms is { } limit && terms.Count > limit)
                terms = [.. terms.OrderByDescending(t => t.Value.Total).Take(limit).OrderBy(t => t.Key, CodePointOrder.Instance)];
            var weights = vectorizer.IsWeighted ? terms.Select(t => vectorizer.Weigh(_texts, t.Value.Texts)).ToArray() : null;
            return new Fitted(vectorizer, new VocabularyState([.. terms.Select(t => t.Key)], weights));
        }
    }

    private sealed class Fitted(CountVectorizer vectorizer, VocabularyState state)
        : FittedSparse(vectorizer.Step, vectorizer.Step.Fields[0].Name, state.Terms.Length, vectorizer._sparse)
    {
        private readonly Dictionary<string, int> _places = state.Terms.Select((t, i) => (t, i)).ToDictionary(p => p.t, p => p.i, StringComparer.Ordinal);

        public override object State => state;

        protected override Dictionary<int, double>[] Rows(StepBatch batch) => [.. CategoryReader.Texts(batch.Columns[0]).Select(Row)];

        private Dictionary<int, double> Row(string? text)
        {
            var terms = vectorizer.Count(text).Where(t => _places.ContainsKey(t.Key)).Select(t => (Place: _places[t.Key], t.Value)).OrderBy(t => t.Place).ToList();
            double[] values = [.. terms.Select(t => vectorizer.Damp(vectorizer._binary ? 1 : t.Value) * (state.Idf?[t.Place] ?? 1))];
            vectorizer.Finish(values);
            return terms.Select((t, i) => (t.Place, Value: values[i])).ToDictionary(t => t.Place, t => t.Value);
        }
    }
}

/// <summary>Counts of terms, weighted by how rare a term is and normalised.</summary>
internal sealed class TfidfVectorizer : CountVectorizer
{
    private readonly string _norm;
    private readonly bool _useIdf;
    private readonly bool _smooth;
    private readonly bool _sublinear;

    public TfidfVectorizer(StepContext step)
        : base(step)
    {
        _norm = step.Parameters.Choice("norm", "l2", "l1", "none");
        (_useIdf, _smooth, _sublinear) = (step.Parameters.Flag("use_idf", true), step.Parameters.Flag("smooth_idf", true), step.Parameters.Flag("sublinear_tf", false));
    }

    protected override bool IsWeighted => _useIdf;

    // Smoothed as if one more text held every term.
    protected override double Weigh(long texts, long with) => 1 + (_smooth ? Math.Log((1.0 + texts) / (1.0 + with)) : Math.Log((double)texts / with));

    protected override double Damp(double count) => _sublinear ? Math.Log(count) + 1 : count;

    protected override void Finish(Span<double> counts)
    {
        if (_norm != "none")
            Normalizer.Normalize(counts, _norm);
    }
}

/// <summary>Counts of terms at places given by a hash, so that nothing has to be learned.</summary>
internal sealed class HashingVectorizer : Transform
{
    private readonly TextAnalyzer _analyzer;
    private readonly int _width;
    private readonly bool _signed;
    private readonly bool _binary;
    private readonly bool _sparse;
    private readonly string _norm;

    public HashingVectorizer(StepContext step)
        : base(step)
    {
        _analyzer = new TextAnalyzer(step);
        _width = step.Parameters.Count("n_features", 1 << 20, 1, int.MaxValue);
        _norm = step.Parameters.Choice("norm", "l2", "l1", "none");
        (_signed, _binary, _sparse) = (step.Parameters.Flag("alternate_sign", true), step.Parameters.Flag("binary", false), step.Parameters.Flag("sparse", true));
    }

    public override FittedTransform Load(JsonElement state) => new Fitted(this);

    private sealed class Fitted(HashingVectorizer vectorizer)
        : FittedSparse(vectorizer.Step, vectorizer.Step.Fields[0].Name, vectorizer._width, vectorizer._sparse)
    {
        protected override Dictionary<int, double>[] Rows(StepBatch batch) => [.. CategoryReader.Texts(batch.Columns[0]).Select(Row)];

        private Dictionary<int, double> Row(string? text)
        {
            var row = new Dictionary<int, double>();
            foreach (var term in text is null ? [] : vectorizer._analyzer.Terms(text))
                AddHashed(row, term, 1, vectorizer._width, vectorizer._signed);
            double[] values = [.. row.Values.Select(v => vectorizer._binary ? 1 : v)];
            if (vectorizer._norm != "none")
                Normalizer.Normalize(values, vectorizer._norm);
            return row.Keys.Select((k, i) => (k, i)).ToDictionary(p => p.k, p => values[p.i]);
        }
    }
}
