using EventMl.Arrow;
using EventMl.Data.Transforms;

namespace EventMl.Data.Tests.Transforms;

/// <summary>What holds for every transform.</summary>
public sealed class TransformPropertyTests
{
    public static TheoryData<string> Cases => [.. TransformCases.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Parameters_are_the_same_when_batches_have_another_size(string name)
    {
        var @case = Case(name);
        var whole = Fit(@case, TransformData.Rows).ToJson();
        // Not one bit differs, which is more than the 1e-12 that is promised.
        Fit(@case, 1).ToJson().ShouldBe(whole);
        Fit(@case, 123).ToJson().ShouldBe(whole);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Parameters_are_the_same_when_nothing_may_be_kept_in_memory(string name)
    {
        var @case = Case(name);
        Fit(@case, 200, new TransformFitOptions { ValuesInMemory = 0 }).ToJson().ShouldBe(Fit(@case, 200).ToJson());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_row_gives_what_its_batch_gave_when_it_comes_alone_through_a_stored_pipeline(string name)
    {
        var @case = Case(name);
        var fitted = Fit(@case, 200);
        var stored = FittedPipeline.FromJson(fitted.ToJson());
        stored.ToJson().ShouldBe(fitted.ToJson());
        stored.OutputSchema.HasSameFieldsAs(fitted.OutputSchema).ShouldBeTrue();
        stored.InputSchema.Fields.Select(f => f.Name).ShouldBe(@case.Columns.Split(", "));
        var batch = fitted.Apply(TransformData.Batches(TransformData.Rows, @case.Columns.Split(", ")).Single());
        var rows = TransformData.Cells(batch, 4096).ToList();
        for (var row = 0; row < TransformData.Rows; row += 7)
            Cells(stored.Apply(TransformData.Row(row)), stored.OutputSchema).ShouldBe(rows[row], $"row {row}");
    }

    private static IEnumerable<object?> Cells(IReadOnlyDictionary<string, object?> row, ArrowSchema schema) => schema.Fields.SelectMany(f => row[f.Name] switch
    {
        double[] vector => vector.Select(v => double.IsNaN(v) ? null : (object?)v),
        SparseVector sparse => Whole(sparse),
        var number and (long or int or short or float or bool) => [Convert.ToDouble(number, System.Globalization.CultureInfo.InvariantCulture)],
        var one => [one],
    });

    private static object?[] Whole(SparseVector sparse)
    {
        var whole = Enumerable.Repeat((object?)0.0, 4096).ToArray();
        for (var i = 0; i < sparse.Indices.Length; i++)
            whole[sparse.Indices[i]] = sparse.Values[i];
        return whole;
    }

    private static TransformCase Case(string name) => TransformCases.All.Single(c => c.Name == name);

    private static FittedPipeline Fit(TransformCase @case, int batchSize, TransformFitOptions? options = null) =>
        TransformPipeline.Parse(@case.Definition).Fit(() => TransformData.Batches(batchSize, @case.Needs), options);
}
