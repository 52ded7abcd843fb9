using System.Text.Json;
using EventMl.Contracts.Models;
using EventMl.Policy;

namespace EventMl.Services.Tests.Models;

public class GateTests
{
    [Theory]
    [InlineData("min: 0.85", "0.85", true, "accuracy is 0.85, at least 0.85.")]
    [InlineData("min: 0.85", "0.8499999999999999", false, "accuracy is 0.8499999999999999, below the minimum of 0.85.")]
    [InlineData("max: 1", "1", true, "accuracy is 1, at most 1.")]
    [InlineData("max: 1e0", "1.0000000000000002", false, "accuracy is 1.0000000000000002, above the maximum of 1.")]
    [InlineData("min: -.5", "-0.5", true, "accuracy is -0.5, at least -0.5.")]
    [InlineData("min: 0", "1E+300", false, "accuracy is 1E+300, which is too large to compare.")]
    public void Compares_in_decimal_when_the_rule_is_a_bound(string bound, string value, bool passed, string reason)
    {
        var answer = Gate.Decide(Policy($"metric: accuracy, {bound}"), Input(value));
        answer.Allowed.ShouldBe(passed);
        answer.Rules.Single().Reason.ShouldBe(reason);
    }

    [Theory]
    // In binary fractions 0.9 - 0.89 is more than 0.01.
    [InlineData("metric: accuracy, not_worse_than_champion_by: 0.01", "0.89", "0.9", true)]
    [InlineData("metric: accuracy, not_worse_than_champion_by: 0.01", "0.8899", "0.9", false)]
    [InlineData("metric: accuracy, not_worse_than_champion_by: 0", "0.95", "0.9", true)]
    [InlineData("metric: loss, not_worse_than_champion_by: 0.01", "0.91", "0.9", true)]
    [InlineData("metric: loss, not_worse_than_champion_by: 0.01", "0.92", "0.9", false)]
    [InlineData("metric: loss, better: higher, not_worse_than_champion_by: 0.01", "0.92", "0.9", true)]
    [InlineData("metric: rank, better: lower, not_worse_than_champion_by: 1", "5", "3", false)]
    public void Compares_with_the_champion_when_the_rule_says_so(string rule, string candidate, string champion, bool passed)
    {
        var metric = rule[8..rule.IndexOf(',', StringComparison.Ordinal)];
        Gate.Decide(Policy(rule), Input(candidate, champion, metric)).Allowed.ShouldBe(passed);
    }

    [Fact]
    public void Skips_with_a_reason_when_there_is_no_champion()
    {
        var rule = Gate.Decide(Policy("metric: accuracy, not_worse_than_champion_by: 0.01"), Input("0.1")).Rules.Single();
        rule.ShouldBe(new RuleOutcome("accuracy >= champion - 0.01", Passed: true, "Skipped: there is no champion to compare with."));
    }

    [Fact]
    public void Fails_the_rule_when_the_metric_was_not_measured() =>
        Gate.Decide(Policy("metric: f1, min: 0.5"), Input("0.1")).Rules.Single().ShouldBe(
            new RuleOutcome("f1 >= 0.5", Passed: false, "The evaluation has no metric 'f1'; it has accuracy."));

    [Theory]
    [InlineData("", "The policy is empty; begin with 'policy: promotion/1'.")]
    [InlineData("policy: promotion/1", "'rules' is missing; give at least one")]
    [InlineData("policy: promotion/2\nrules: []", "line 1: 'policy' is 'promotion/2'")]
    [InlineData("policy: promotion/1\nrules: []", "line 2: 'rules' is empty")]
    [InlineData("policy: promotion/1\nrules: 5", "line 2: 'rules' must be a list")]
    [InlineData("policy: promotion/1\nrules:\n  - 5", "line 3: a rule must be 'key: value' pairs")]
    [InlineData("policy: promotion/1\nrules:\n  - metric: a\n    mim: 1", "line 4: unknown key 'mim' in a rule; known are metric, min")]
    [InlineData("policy: promotion/1\nrules:\n  - metric: a", "line 3: the rule has none of")]
    [InlineData("policy: promotion/1\nrules:\n  - min: 1", "line 3: the rule has no 'metric'")]
    [InlineData("policy: promotion/1\nrules:\n  - { metric: a, min: 1, max: 2 }", "line 3: a rule has one of")]
    [InlineData("policy: promotion/1\nrules:\n  - { metric: a, min: 1, min: 2 }", "line 3: 'min' is given twice")]
    [InlineData("policy: promotion/1\nrules:\n  - { metric: a, min: high }", "line 3: 'min' is 'high'; write a number")]
    [InlineData("policy: promotion/1\nrules:\n  - { metric: a, min: .nan }", "line 3: 'min' is '.nan'")]
    [InlineData("policy: promotion/1\nrules:\n  - { metric: a, min: 1e99 }", "line 3: 'min' is '1e99'")]
    [InlineData("policy: promotion/1\nrules:\n  - { metric: a, min: [1] }", "line 3: 'min' must be a plain value")]
    [InlineData("policy: promotion/1\nrules:\n  - { metric: a b, min: 1 }", "line 3: 'metric' must be 1 to 64 letters")]
    [InlineData("policy: promotion/1\nrules:\n  - { metric: a, not_worse_than_champion_by: -1 }", "line 3: 'not_worse_than_champion_by' must be 0 or more")]
    [InlineData("policy: promotion/1\nrules:\n  - { metric: a, min: 1, better: lower }", "line 3: 'better' belongs to")]
    [InlineData("policy: promotion/1\nrules:\n  - { metric: a, min: *x }", "line 3")]
    [InlineData("policy: promotion/1\nrules:\n  - { metric: a, min: 1", "line ")]
    [InlineData("policy: promotion/1\nrules: [{ metric: a, min: 1 }]\n---\nx: 1", "line 3: the file holds a second document")]
    [InlineData("policy: promotion/1\napprovals: 2", "line 2: unknown key 'approvals' in the policy; known are policy, rules")]
    public void Names_line_and_key_when_the_policy_is_malformed(string policy, string message) =>
        Should.Throw<PolicyException>(() => Gate.Validate(policy)).Message.ShouldStartWith(message);

    [Fact]
    public void Stays_alive_when_the_policy_is_nested_without_end() =>
        Should.Throw<PolicyException>(() => Gate.Validate("policy: promotion/1\nrules: " + new string('[', 30_000)));

    [Fact]
    public void Refuses_a_policy_that_the_ledger_would_cut() =>
        Should.Throw<PolicyException>(() => Gate.Validate(Policy("metric: a, min: 1") + new string('#', 40_000)));

    [Fact]
    public void Accepts_the_policy_that_is_shipped()
    {
        var answer = Gate.Decide(File.ReadAllText(Repository.Path("samples/policies/promotion.yaml")), Input("0.9"));
        answer.Rules.Select(r => r.Rule).ShouldBe(["accuracy >= 0.85", "accuracy >= champion - 0.01"]);
    }

    [Fact]
    public void Writes_input_and_output_in_their_frozen_form()
    {
        var metrics = MetricSet.From(new Dictionary<string, double>(StringComparer.Ordinal) { ["loss"] = 3.10e-1, ["accuracy"] = 0.90, ["nan"] = double.NaN, ["bad name"] = 1, ["tiny"] = 1e-7, ["zero"] = -0.0 });
        var side = new JudgedVersion(2, "mnist", 3, MetricSet.From(Given.Json("""{"b":1.50,"a":1e2,"text":"x","huge":1e300,"over":1e999}""")), new JudgedEvaluation("eval-1", "measured", "mnist \"q\"\n\u0001é", 3, metrics));
        var input = new GateInput("digits", side, side with { Version = 1 }).ToCanonicalJson();
        input.ShouldBe(Golden("gate-input.json"));
        Gate.Decide(Given.Policy, input).Output.ShouldBe(Golden("gate-output.json"));
    }

    [Fact]
    public void Detects_every_changed_member_when_a_decision_is_replayed()
    {
        var input = Input("0.9", "0.9");
        var answer = Gate.Decide(Given.Policy, input);
        var decided = new PromotionDecided("dec-1", "digits", 2, 1, Gate.Version, Given.Policy, Gate.Sha256(Given.Policy), input, answer.Output, answer.Allowed, answer.Rules, Given.Now);
        Gate.Replay(decided).Identical.ShouldBeTrue();

        var easier = Given.Policy.Replace("0.85", "0.95", StringComparison.Ordinal);
        PromotionDecided[] changed =
        [
            decided with { Policy = easier },
            decided with { Policy = easier, PolicySha256 = Gate.Sha256(easier) },
            decided with { Policy = "nonsense", PolicySha256 = Gate.Sha256("nonsense") },
            decided with { Input = input.Replace("0.9", "0.91", StringComparison.Ordinal) },
            decided with { Input = input.Replace(",", ", ", StringComparison.Ordinal) },
            decided with { Input = "{}" },
            decided with { Input = "not json" },
            decided with { Output = answer.Output.Replace("true", "false", StringComparison.Ordinal) },
            decided with { Allowed = false },
            decided with { Rules = [] },
            decided with { Version = 3 },
            decided with { Champion = null },
            decided with { Model = "other" },
            decided with { EvaluatorVersion = "gate/0" },
        ];
        foreach (var record in changed)
        {
            var replay = Gate.Replay(record);
            replay.Identical.ShouldBeFalse(record.ToString());
            replay.Difference.ShouldNotBeNullOrEmpty();
        }
    }

    private static string Policy(string rule) => $"policy: promotion/1\nrules:\n  - {{ {rule} }}\n";

    private static string Input(string candidate, string? champion = null, string metric = "accuracy") =>
        new GateInput("digits", Side(2, candidate, metric), champion is null ? null : Side(1, champion, metric)).ToCanonicalJson();

    private static JudgedVersion Side(long version, string value, string metric) =>
        new(version, "mnist", 1, new Dictionary<string, string>(StringComparer.Ordinal), new JudgedEvaluation("eval-1", "measured", "mnist", 1, new Dictionary<string, string>(StringComparer.Ordinal) { [metric] = value }));

    private static string Golden(string name) => File.ReadAllText(Repository.Path($"tests/Services.Tests/Models/{name}")).TrimEnd('\n');
}
