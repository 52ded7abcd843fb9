using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.Models.Promoting;
using EventMl.Policy;

namespace EventMl.Services.Tests.Models;

public class PromotionTests
{
    private static readonly object[] _champion = [Given.Registered(), Given.Evaluating(), Given.Evaluated(0.9), Given.Promoted()];

    [Fact]
    public void Promotes_when_every_rule_passes()
    {
        var judgement = Judge(Given.Registered(), Given.Evaluating(), Given.Evaluated(0.85));
        judgement.Decided!.Allowed.ShouldBeTrue();
        judgement.Decided.Champion.ShouldBeNull();
        judgement.Decided.EvaluatorVersion.ShouldBe("gate/1");
        judgement.Consequence.ShouldBe(new ModelPromoted("digits", 1, null, "dec-9", Given.Now) { TaskId = "train-1" });
    }

    [Fact]
    public void Refuses_with_the_failed_rules_when_one_fails()
    {
        var judgement = Judge(Given.Registered(), Given.Evaluating(), Given.Evaluated(0.1));
        judgement.Decided!.Allowed.ShouldBeFalse();
        judgement.Consequence.ShouldBeOfType<PromotionRefused>().Reason.ShouldBe("accuracy is 0.1, below the minimum of 0.85.");
    }

    [Fact]
    public void Replaces_the_champion_when_the_challenger_is_not_worse()
    {
        var judgement = Judge([.. _champion, Given.Registered(2, "train-2"), Given.Evaluating(2, "eval-2"), Given.Evaluated(0.89, 2, "eval-2")]);
        judgement.Consequence.ShouldBeOfType<ModelPromoted>().PreviousChampion.ShouldBe(1);
        judgement.Decided!.Rules[1].Reason.ShouldBe("accuracy is 0.89, the champion (version 1) has 0.9: worse by 0.01, within the allowed 0.01.");
    }

    [Fact]
    public void Keeps_the_champion_when_the_challenger_is_worse()
    {
        var judgement = Judge([.. _champion, Given.Registered(2, "train-2"), Given.Evaluating(2, "eval-2", 2), Given.Evaluated(0.8899, 2, "eval-2", 2)]);
        judgement.Consequence.ShouldBeOfType<PromotionRefused>().Reason.ShouldBe(
            "accuracy is 0.8899, the champion (version 1) has 0.9: worse by 0.0101, more than the allowed 0.01. Measured on different data: mnist@2 and mnist@1.");
    }

    [Fact]
    public void Changes_nothing_when_the_version_is_champion_already() =>
        Judge(_champion).ShouldBe(Judgement.Nothing);

    [Fact]
    public void Says_to_evaluate_first_when_there_is_no_measurement()
    {
        var refusal = Judge(Given.Registered()).Refusal!;
        refusal.Code.ShouldBe(ErrorCodes.InvalidRequest);
        refusal.Message.ShouldContain("/api/v1/models/digits/evaluate");
    }

    [Fact]
    public void Says_so_when_the_model_is_missing() =>
        Judge().Refusal!.Code.ShouldBe(ErrorCodes.ModelNotFound);

    [Fact]
    public void Replays_identically_when_nothing_was_touched()
    {
        var decided = Judge([.. _champion, Given.Registered(2, "train-2"), Given.Evaluating(2, "eval-2"), Given.Evaluated(0.95, 2, "eval-2")]).Decided!;
        Gate.Replay(decided).ShouldBe(new GateReplay(true, decided.Output, decided.Output, decided.Rules, null), new SameReplay());
    }

    private static Judgement Judge(params object[] events) =>
        Promotion.Judge(Given.Model(events), "digits", null, Given.Policy, "dec-9", Given.Now);

    private sealed class SameReplay : IEqualityComparer<GateReplay>
    {
        public bool Equals(GateReplay? x, GateReplay? y) =>
            x! with { Rules = [] } == y! with { Rules = x.Rules.SequenceEqual(y.Rules) ? [] : y.Rules };

        public int GetHashCode(GateReplay obj) => 0;
    }
}
