using EventMl.Data.Quality;
using Shouldly;
using Xunit;

namespace EventMl.Data.Tests.Quality;

public sealed class QualitySuiteTests
{
    [Theory]
    [InlineData("", "f.yaml: the suite is empty; begin with 'suite: quality/1'.")]
    [InlineData("suite: quality/2\nname: a\nexpectations: []", "'suite' is 'quality/2'; this evaluator reads 'quality/1'.")]
    [InlineData("suite: quality/1\nname: a\nexpectations: []", "line 3: 'expectations' must be a list of 1 to 1000")]
    [InlineData("suite: quality/1\nname: a\nrules: 3\nexpectations: [{expect: unique, column: a}]", "line 3: the suite: unknown key 'rules'; allowed are suite, name, expectations.")]
    [InlineData("suite: quality/1\nname: a\nname: b", "line 3: 'name' is given twice.")]
    [InlineData("suite: [", "this is not YAML")]
    [InlineData("suite: &a x\nname: *a", "line 2: anchors and aliases")]
    [InlineData("[[[[[[[[[[[[1]]]]]]]]]]]]", "more than 8 levels of nesting")]
    public void Names_file_line_and_what_is_allowed_when_the_frame_is_wrong(string text, string message) => Refusal(text).ShouldContain(message);

    [Theory]
    [InlineData("{column: a}", "'expect' is missing; write for instance 'expect: not_null'")]
    [InlineData("{expect: nulls, column: a}", "'expect' is 'nulls'; allowed are schema, not_null, range")]
    [InlineData("{expect: not_null}", "'column' is missing")]
    [InlineData("{expect: not_null, column: a, colour: 3}", "unknown key 'colour'; allowed are expect, severity, on_fail, mostly, column, id.")]
    [InlineData("{expect: not_null, column: a, severity: fatal}", "'severity' is 'fatal'; allowed are error, warning, info.")]
    [InlineData("{expect: not_null, column: a, severity: info, on_fail: fail}", "'on_fail: fail' needs 'severity: error'")]
    [InlineData("{expect: row_count, min: 1, on_fail: quarantine}", "no rows can be put aside")]
    [InlineData("{expect: not_null, column: a, mostly: 99}", "'mostly' is 99; write a share from 0 to 1.")]
    [InlineData("{expect: range, column: a}", "'min' or 'max' is missing")]
    [InlineData("{expect: range, column: a, min: 3, max: 2}", "'min' is larger than 'max'")]
    [InlineData("{expect: range, column: a, min: 3, max: 2026-01-01}", "both numbers or both dates")]
    [InlineData("{expect: range, column: a, min: NaN}", "write a number such as 0.5 or a date")]
    [InlineData("{expect: regex, column: a, pattern: '(?=a)'}", "'pattern' cannot be used")]
    [InlineData("{expect: regex, column: a, pattern: '('}", "'pattern' cannot be used")]
    [InlineData("{expect: set, column: a, values: red}", "'values' must be a list")]
    [InlineData("{expect: pii, allow: [mail]}", "'allow' is 'mail'; allowed are email, phone, iban")]
    [InlineData("{expect: policy, columns: {a: encrypted}}", "'a' is 'encrypted'; allowed are masked, hashed, dropped, forbidden.")]
    [InlineData("{expect: policy, columns: {a: dropped}, on_fail: quarantine}", "concerns the whole column")]
    [InlineData("{expect: freshness, column: a, max_age: soon}", "write a number with s, m, h or d")]
    [InlineData("{expect: distribution, column: a, test: t}", "allowed are psi, ks, chi_square")]
    [InlineData("{expect: unique}", "'column' or 'columns' is missing")]
    public void Names_the_key_and_what_is_allowed_when_an_expectation_is_wrong(string expectation, string message)
    {
        var refusal = Refusal($"suite: quality/1\nname: a\nexpectations:\n  - {expectation}");
        refusal.ShouldContain(message);
        refusal.ShouldStartWith("f.yaml, line 4: ");
    }

    [Fact]
    public void Refuses_a_second_expectation_of_one_id()
    {
        Refusal("suite: quality/1\nname: a\nexpectations:\n  - {expect: not_null, column: a}\n  - {expect: not_null, column: a}")
            .ShouldBe("f.yaml, line 5: the expectation: there is already an expectation 'not_null.a'; give this one its own 'id'.");
    }

    private static string Refusal(string text) => Should.Throw<QualitySuiteException>(() => QualitySuite.Parse(text, "f.yaml")).Message;
}
