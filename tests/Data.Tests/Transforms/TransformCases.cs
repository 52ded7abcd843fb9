namespace EventMl.Data.Tests.Transforms;

/// <summary>One transform as it is compared: its name in peers/sklearn_transforms.py, its columns, its step.</summary>
internal sealed record TransformCase(string Name, string Columns, string Step)
{
    public string Definition => $"transforms: transforms/1\nsteps:\n- {{ {Step}, columns: [{Columns}] }}\n";

    /// <summary>The columns it needs, a label too.</summary>
    public IReadOnlyList<string> Needs => [.. Columns.Split(", "), .. Target is { } target ? [target] : Array.Empty<string>()];

    public string? Target => Step.Split("target: ") is [_, var target] ? target : null;

    public override string ToString() => Name;
}

/// <summary>Every transform with its variants.</summary>
internal static class TransformCases
{
    private const string Few = "age, offset, skew, tiny, constant, count, small";
    private const string Full = "offset, skew, count, small";
    private const string Shape = "height: 6, width: 5, channels: 3";

    public static IReadOnlyList<TransformCase> All { get; } =
    [
        new("StandardScaler", Few, "step: StandardScaler"),
        new("StandardScaler, with_mean: false", Few, "step: StandardScaler, with_mean: false"),
        new("MinMaxScaler", Few, "step: MinMaxScaler"),
        new("MinMaxScaler, feature_range: [-2, 3]", Few, "step: MinMaxScaler, feature_range: [-2, 3]"),
        new("MaxAbsScaler", Few, "step: MaxAbsScaler"),
        new("RobustScaler", Few, "step: RobustScaler"),
        new("RobustScaler, unit_variance", Few, "step: RobustScaler, unit_variance: true, quantile_range: [5, 90]"),
        new("SimpleImputer, mean", "age, skew", "step: SimpleImputer"),
        new("SimpleImputer, median", "age, skew", "step: SimpleImputer, strategy: median"),
        new("SimpleImputer, most_frequent", "age, count", "step: SimpleImputer, strategy: most_frequent"),
        new("SimpleImputer, constant", "age, count", "step: SimpleImputer, strategy: constant, fill_value: -1.5"),
        new("SimpleImputer, texts", "city", "step: SimpleImputer, strategy: most_frequent"),
        new("OneHotEncoder", "city, code", "step: OneHotEncoder"),
        new("OneHotEncoder, drop: first", "city, code", "step: OneHotEncoder, drop: first"),
        new("OneHotEncoder, drop: if_binary", "city, side", "step: OneHotEncoder, drop: if_binary"),
        new("OneHotEncoder, max_categories: 4", "city, code", "step: OneHotEncoder, max_categories: 4"),
        new("OneHotEncoder, min_frequency: 60", "city, code", "step: OneHotEncoder, min_frequency: 60"),
        new("OrdinalEncoder", "city, code", "step: OrdinalEncoder"),
        new("FeatureHasher", "city, count, flag", "step: FeatureHasher, n_features: 64, sparse: false"),
        new("KBinsDiscretizer, quantile", Full, "step: KBinsDiscretizer, encode: ordinal"),
        new("KBinsDiscretizer, uniform", $"{Full}, constant", "step: KBinsDiscretizer, encode: ordinal, strategy: uniform, n_bins: 7"),
        new("KBinsDiscretizer, kmeans", "offset, small", "step: KBinsDiscretizer, encode: ordinal, strategy: kmeans, n_bins: 6"),
        new("KBinsDiscretizer, onehot", Full, "step: KBinsDiscretizer"),
        new("Normalizer, l1", "small, count, skew", "step: Normalizer, norm: l1"),
        new("Normalizer, l2", "small, count, skew", "step: Normalizer"),
        new("Normalizer, max", "small, count, skew", "step: Normalizer, norm: max"),
        new("PolynomialFeatures", "small, count, skew", "step: PolynomialFeatures"),
        new("PolynomialFeatures, interaction_only", "small, count, skew", "step: PolynomialFeatures, degree: 3, interaction_only: true, include_bias: false"),
        new("PowerTransformer, yeo-johnson", "age, small, skew", "step: PowerTransformer"),
        new("PowerTransformer, box-cox", "skew", "step: PowerTransformer, method: box-cox"),
        new("QuantileTransformer, uniform", "age, skew, count, constant", "step: QuantileTransformer, n_quantiles: 100"),
        new("QuantileTransformer, normal", "age, skew, count", "step: QuantileTransformer, output_distribution: normal"),
        new("DateParts", "at", "step: DateParts, parts: [year, quarter, month, day, day_of_year, weekday, hour, minute, second], cyclic: [hour, weekday]"),
        new("CountVectorizer", "review", "step: CountVectorizer"),
        new("CountVectorizer, words 1 to 3", "review", "step: CountVectorizer, ngram_range: [1, 3], min_df: 3, max_df: 0.4, stop_words: [the, naïve]"),
        new("CountVectorizer, char 2 to 3", "review", "step: CountVectorizer, analyzer: char, ngram_range: [2, 3]"),
        new("CountVectorizer, char_wb 2 to 5", "review", "step: CountVectorizer, analyzer: char_wb, ngram_range: [2, 5]"),
        new("TfidfVectorizer", "review", "step: TfidfVectorizer, sparse: false"),
        new("TfidfVectorizer, sublinear, l1", "review", "step: TfidfVectorizer, sublinear_tf: true, norm: l1, smooth_idf: false"),
        new("HashingVectorizer", "review", "step: HashingVectorizer, n_features: 128"),
        new("HashingVectorizer, unsigned", "review", "step: HashingVectorizer, n_features: 100, alternate_sign: false, norm: none, ngram_range: [1, 2]"),
        new("ImageResize, larger", "image", $"step: ImageResize, {Shape}, to_height: 9, to_width: 11"),
        new("ImageResize, smaller", "image", $"step: ImageResize, {Shape}, to_height: 3, to_width: 2"),
        new("ImageNormalize", "image", $"step: ImageNormalize, {Shape}, mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3]"),
        new("VarianceThreshold", "offset, constant, skew, small", "step: VarianceThreshold"),
        new("VarianceThreshold, threshold: 0.5", "offset, constant, skew, small", "step: VarianceThreshold, threshold: 0.5"),
        new("CorrelationFilter", $"{Full}, copy", "step: CorrelationFilter"),
        new("SelectKBest, f_classif", Full, "step: SelectKBest, k: 2, target: label"),
        new("SelectKBest, f_regression", Full, "step: SelectKBest, k: 2, score_func: f_regression, target: copy"),
        new("SelectKBest, mutual_info_classif", "code, count, flag", "step: SelectKBest, k: 1, score_func: mutual_info_classif, target: label"),
    ];
}
