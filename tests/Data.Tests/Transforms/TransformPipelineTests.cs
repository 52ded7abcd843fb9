using System.Text.Json;
using EventMl.Arrow;
using EventMl.Data.Transforms;

namespace EventMl.Data.Tests.Transforms;

public sealed class TransformPipelineTests
{
    private const string Worked = """
        transforms: transforms/1
        steps:
        - { step: SimpleImputer, columns: [age], strategy: median }
        - { step: StandardScaler, columns: [age, small] }
        - { step: SimpleImputer, columns: [city], strategy: constant, fill_value: none }
        - { step: OneHotEncoder, columns: [city], handle_unknown: ignore }
        - { step: DateParts, columns: [at], cyclic: [hour] }
        - { step: Concatenate, columns: [age, small, "city_*", vector], output: features, dtype: float32 }
        """;

    [Fact]
    public void Steps_build_on_one_another_when_fitted()
    {
        var passes = 0;
        var fitted = TransformPipeline.Parse(Worked).Fit(() =>
        {
            passes++;
            return TransformData.Batches(100);
        });
        // Medians with everything that waits for nothing, then means of the filled column with the categories of the other.
        passes.ShouldBe(2);
        fitted.InputSchema.Fields.Select(f => f.Name).ShouldBe(["age", "small", "city", "at", "vector"]);
        fitted.OutputSchema.Fields.Select(f => f.Name).ShouldBe(["at_hour_sin", "at_hour_cos", "features"]);
        fitted.OutputSchema.Fields[2].Type.ShouldBe(ArrowType.FixedSizeList(ArrowType.Of(ArrowKind.Float32), 17));

        var batch = fitted.Apply(TransformData.Batches(TransformData.Rows).Single());
        batch.Column("label").Length.ShouldBe(TransformData.Rows);
        var ages = Enumerable.Range(0, batch.Length).Select(row => batch.Column<FixedSizeListColumn>("features").GetRow<float>(row)[0]).ToList();
        ages.Average().ShouldBe(0, 1e-5);
        ages.Average(a => a * a).ShouldBe(1, 1e-5);
    }

    [Fact]
    public void An_unseen_category_is_taken_as_configured_when_it_comes()
    {
        var row = new Dictionary<string, object?>(StringComparer.Ordinal) { ["city"] = "Atlantis" };
        Fit("{ step: OneHotEncoder, columns: [city], handle_unknown: ignore }").Apply(row).Values.ShouldAllBe(v => Equals(v, 0.0));
        var rare = Fit("{ step: OneHotEncoder, columns: [city], handle_unknown: infrequent_if_exist, min_frequency: 20 }").Apply(row);
        rare.Where(v => Equals(v.Value, 1.0)).Select(v => v.Key).ShouldBe(["city_infrequent_sklearn"]);
        Fit("{ step: OrdinalEncoder, columns: [city], handle_unknown: use_encoded_value, unknown_value: -1 }").Apply(row)["city"].ShouldBe(-1.0);
        Should.Throw<TransformException>(() => Fit("{ step: OneHotEncoder, columns: [city] }").Apply(row)).Message.ShouldContain("'Atlantis'");
        Should.Throw<TransformException>(() => Fit("{ step: OrdinalEncoder, columns: [city] }").Apply(row)).Message.ShouldContain("'Atlantis'");
    }

    [Fact]
    public void A_row_of_json_is_taken_when_it_comes_from_a_request()
    {
        var fitted = TransformPipeline.Parse(Worked).Fit(() => TransformData.Batches(100));
        using var request = JsonDocument.Parse("""{"age":31,"small":0.5,"city":null,"at":"2026-03-01T06:00:00Z","vector":[1,2,3,4]}""");
        var row = fitted.Apply(request.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value, StringComparer.Ordinal));
        ((double)row["at_hour_sin"]!).ShouldBe(1, 1e-12);
        ((float[])row["features"]!)[^4..].ShouldBe([1f, 2f, 3f, 4f]);
    }

    [Theory]
    [InlineData("{ step: StandardScalar, columns: [age] }", "there is no transform 'StandardScalar'")]
    [InlineData("{ step: StandardScaler }", "'columns' is missing")]
    [InlineData("{ columns: [age] }", "'step' is missing")]
    [InlineData("{ step: StandardScaler, columns: [ages] }", "there is no column 'ages'")]
    [InlineData("{ step: StandardScaler, columns: [city] }", "column 'city' is string")]
    [InlineData("{ step: StandardScaler, columns: [age], with_means: true }", "there is no parameter 'with_means'")]
    [InlineData("{ step: StandardScaler, columns: [age], with_mean: 1 }", "write true or false")]
    [InlineData("{ step: StandardScaler, columns: [age, age] }", "listed twice")]
    [InlineData("{ step: StandardScaler, columns: [age], outputs: [a, b] }", "names 2 columns")]
    [InlineData("{ step: StandardScaler, columns: [age], outputs: [skew] }", "which exists")]
    [InlineData("{ step: RobustScaler, columns: [age], quantile_range: [75, 25] }", "the smaller one first")]
    [InlineData("{ step: KBinsDiscretizer, columns: [small], n_bins: 1 }", "from 2 to")]
    [InlineData("{ step: SelectKBest, columns: [small], k: 1 }", "'target' is missing")]
    [InlineData("{ step: Normalizer, columns: [age] }", "'age' has no value in row")]
    [InlineData("{ step: PowerTransformer, columns: [small], method: box-cox }", "numbers above 0")]
    [InlineData("{ step: ImageResize, columns: [image], height: 6, width: 6, to_height: 2, to_width: 2 }", "90 numbers")]
    [InlineData("{ step: DateParts, columns: [at], parts: [age] }", "no part 'age'")]
    [InlineData("{ step: CountVectorizer, columns: [review], token_pattern: '(' }", "not a regular expression")]
    [InlineData("{ step: HashingVectorizer, columns: [review], sparse: false }", "at most 65536")]
    [InlineData("{ step: Concatenate, columns: [age] }", "'output' is missing")]
    [InlineData("{ step: VarianceThreshold, columns: [constant] }", "no feature is left")]
    [InlineData("&a { step: StandardScaler, columns: *a }", "aliases")]
    public void A_definition_is_refused_with_a_reason_when_it_is_wrong(string step, string reason) =>
        Should.Throw<TransformException>(() => Fit(step)).Message.ShouldContain(reason);

    [Fact]
    public void A_definition_is_checked_without_data_when_only_the_columns_are_known()
    {
        TransformPipeline.Parse(Worked).Validate(TransformData.Schema);
        Should.Throw<TransformException>(() => TransformPipeline.Parse(Worked.Replace("[at]", "[label]", StringComparison.Ordinal)).Validate(TransformData.Schema));
        Should.Throw<TransformException>(() => TransformPipeline.Parse("transforms: transforms/2\nsteps: []")).Message.ShouldContain("transforms/1");
        Should.Throw<TransformException>(() => TransformPipeline.Parse("{")).Message.ShouldContain("neither YAML nor JSON");
    }

    [Fact]
    public void Data_are_refused_with_a_reason_when_they_do_not_fit()
    {
        Should.Throw<TransformException>(() => TransformPipeline.Parse(Worked).Fit(() => [])).Message.ShouldContain("no data");
        var fitted = Fit("{ step: StandardScaler, columns: [age] }");
        Should.Throw<TransformException>(() => fitted.Apply(TransformData.Batches(9, "city").First())).Message.ShouldContain("there is no column 'age'");
        Should.Throw<TransformException>(() => fitted.Apply(Row("agee", 1.0))).Message.ShouldContain("The row has no 'age'");
        Should.Throw<TransformException>(() => fitted.Apply(Row("age", "old"))).Message.ShouldContain("does not fit float64");
        Should.Throw<TransformException>(() => fitted.Apply(Row("age", double.PositiveInfinity))).Message.ShouldContain("'age' is infinite in row 0");
        fitted.Apply(Row("age", double.NaN))["age"].ShouldBeNull();
        fitted.Apply(Row("age", null))["age"].ShouldBeNull();
        Should.Throw<TransformException>(() => Fit("{ step: OrdinalEncoder, columns: [code] }").Apply(Row("code", 1.5))).Message.ShouldContain("not a whole number");

        static Dictionary<string, object?> Row(string name, object? value) => new(StringComparer.Ordinal) { [name] = value };
    }

    [Fact]
    public void A_stored_pipeline_is_refused_when_it_is_damaged()
    {
        var json = Fit("{ step: StandardScaler, columns: [age, skew] }").ToJson();
        for (var i = 0; i < json.Length; i++)
        {
            Should.Throw<TransformException>(() => FittedPipeline.FromJson(json[..i]));
            // A changed character may leave another pipeline, but nothing worse than a refusal.
            try
            {
                FittedPipeline.FromJson(json[..i] + '9' + json[(i + 1)..]);
            }
            catch (TransformException)
            {
                continue;
            }
        }

        Should.Throw<TransformException>(() => FittedPipeline.FromJson(json.Replace("[\"age\",\"skew\"]", "[\"age\"]", StringComparison.Ordinal))).Message.ShouldContain("do not fit");
    }

    private static FittedPipeline Fit(string step) => TransformPipeline.Parse($"transforms: transforms/1\nsteps:\n- {step}\n").Fit(() => TransformData.Batches(100));
}
