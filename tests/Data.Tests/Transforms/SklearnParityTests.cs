using System.Text.Json;
using EventMl.Arrow;
using EventMl.Data.Transforms;

namespace EventMl.Data.Tests.Transforms;

/// <summary>Every transform gives what scikit-learn gives; docs/transforms.md shows the table.</summary>
public sealed class SklearnParityTests(SklearnFixture sklearn, ITestOutputHelper output) : IClassFixture<SklearnFixture>
{
    private const double Relative = 1e-6;
    private const double Rounding = 1e-12;

    // The search for a power ends early there: results of variance 1 differ by some 1e-8, whatever their own size.
    private const double PowerSearch = 1e-7;

    public static TheoryData<string> Cases => [.. TransformCases.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Gives_the_same_numbers_when_scikit_learn_transforms_the_same_data(string name)
    {
        var @case = TransformCases.All.Single(c => c.Name == name);
        var expected = await sklearn.ResultAsync(name);
        var fitted = TransformPipeline.Parse(@case.Definition).Fit(() => TransformData.Batches(77, @case.Needs));
        var inputs = @case.Columns.Split(", ");
        var rows = TransformData.Batches(TransformData.Rows, inputs).Select(fitted.Apply).SelectMany(b => TransformData.Cells(b, expected.Values[0].Length)).ToList();

        rows.Count.ShouldBe(expected.Values.Length);
        var (worst, place) = (0.0, "");
        var absolute = name.StartsWith("PowerTransformer", StringComparison.Ordinal) ? PowerSearch : Rounding;
        for (var row = 0; row < rows.Count; row++)
        {
            rows[row].Length.ShouldBe(expected.Values[row].Length, $"row {row}");
            for (var i = 0; i < rows[row].Length; i++)
            {
                var distance = Distance(rows[row][i], expected.Values[row][i], $"row {row}, feature {i}", absolute);
                if (distance > worst)
                    (worst, place) = (distance, $"row {row}, feature {i}: {rows[row][i]}, not {expected.Values[row][i]}");
            }
        }

        output.WriteLine($"{name}: {worst:0.0e0}");
        worst.ShouldBeLessThanOrEqualTo(Relative, place);
        if (expected.Names is not null && fitted.OutputSchema.Fields.Count == expected.Names.Length)
            fitted.OutputSchema.Fields.Select(f => f.Name).ShouldBe(expected.Names);
    }

    [Fact]
    public async Task Gives_the_same_scores_when_features_are_selected()
    {
        var expected = (await sklearn.ResultAsync("SelectKBest, scores")).Values;
        string[] steps =
        [
            "{ step: SelectKBest, columns: [copy, skew, small], k: 1, target: label }",
            "{ step: SelectKBest, columns: [count, skew, small], k: 1, score_func: f_regression, target: copy }",
            "{ step: SelectKBest, columns: [code, count, flag], k: 1, score_func: mutual_info_classif, target: label }",
        ];
        for (var i = 0; i < steps.Length; i++)
        {
            using var json = JsonDocument.Parse(TransformPipeline.Parse($"transforms: transforms/1\nsteps:\n- {steps[i]}").Fit(() => TransformData.Batches(90)).ToJson());
            var scores = json.RootElement.GetProperty("steps")[0].GetProperty("state").GetProperty("scores").EnumerateArray().Select(s => s.GetDouble()).ToArray();
            for (var f = 0; f < scores.Length; f++)
                Distance(scores[f], expected[i][f], $"{steps[i]}, feature {f}").ShouldBeLessThanOrEqualTo(Relative);
        }
    }

    [Fact]
    public async Task Every_case_is_compared_when_the_peer_knows_it() =>
        (await sklearn.NamesAsync()).Where(n => n != "SelectKBest, scores").ShouldBe(TransformCases.All.Select(c => c.Name));

    private static double Distance(object? actual, JsonElement expected, string place, double absolute = Rounding)
    {
        if (expected.ValueKind == JsonValueKind.Null)
        {
            actual.ShouldBeNull(place);
            return 0;
        }

        if (expected.ValueKind == JsonValueKind.String)
        {
            actual.ShouldBe(expected.GetString(), place);
            return 0;
        }

        var (a, b) = (actual.ShouldBeOfType<double>(place), expected.GetDouble());
        // Below the absolute limit both are rounding errors of numbers about 1.
        return Math.Abs(a - b) <= absolute ? 0 : Math.Abs(a - b) / Math.Max(Math.Abs(a), Math.Abs(b));
    }
}
