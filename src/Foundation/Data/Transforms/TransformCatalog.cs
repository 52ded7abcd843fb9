using EventMl.Data.Transforms.Steps;

namespace EventMl.Data.Transforms;

/// <summary>All transforms by name.</summary>
internal static class TransformCatalog
{
    private static readonly SortedDictionary<string, Func<StepContext, Transform>> s_transforms = new(StringComparer.Ordinal)
    {
        [nameof(Concatenate)] = step => new Concatenate(step),
        [nameof(CorrelationFilter)] = step => new CorrelationFilter(step),
        [nameof(CountVectorizer)] = step => new CountVectorizer(step),
        [nameof(DateParts)] = step => new DateParts(step),
        [nameof(DropColumns)] = step => new DropColumns(step),
        [nameof(FeatureHasher)] = step => new FeatureHasher(step),
        [nameof(HashingVectorizer)] = step => new HashingVectorizer(step),
        [nameof(ImageNormalize)] = step => new ImageNormalize(step),
        [nameof(ImageResize)] = step => new ImageResize(step),
        [nameof(KBinsDiscretizer)] = step => new KBinsDiscretizer(step),
        [nameof(MaxAbsScaler)] = step => new MaxAbsScaler(step),
        [nameof(MinMaxScaler)] = step => new MinMaxScaler(step),
        [nameof(Normalizer)] = step => new Normalizer(step),
        [nameof(OneHotEncoder)] = step => new OneHotEncoder(step),
        [nameof(OrdinalEncoder)] = step => new OrdinalEncoder(step),
        [nameof(PolynomialFeatures)] = step => new PolynomialFeatures(step),
        [nameof(PowerTransformer)] = step => new PowerTransformer(step),
        [nameof(QuantileTransformer)] = step => new QuantileTransformer(step),
        [nameof(RobustScaler)] = step => new RobustScaler(step),
        [nameof(SelectKBest)] = step => new SelectKBest(step),
        [nameof(SimpleImputer)] = step => new SimpleImputer(step),
        [nameof(StandardScaler)] = step => new StandardScaler(step),
        [nameof(TfidfVectorizer)] = step => new TfidfVectorizer(step),
        [nameof(VarianceThreshold)] = step => new VarianceThreshold(step),
    };

    public static string Names => string.Join(", ", s_transforms.Keys);

    public static bool Contains(string name) => s_transforms.ContainsKey(name);

    /// <exception cref="TransformException">A parameter is unknown or wrong, or a column of a wrong type.</exception>
    public static Transform Make(StepContext step)
    {
        var transform = s_transforms[step.Definition.Name](step);
        step.Parameters.RefuseUnread();
        return transform;
    }
}
