using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Models;
using EventMl.Jobs;
using EventMl.Policy;

namespace EventMl.Models.Promoting;

/// <summary>What a promotion answers with.</summary>
internal sealed record PromotionAnswer(string DecisionId, bool Allowed, IReadOnlyList<RuleOutcome> Rules, string Model, long Version)
{
    public static PromotionAnswer From(PromotionDecided e) => new(e.DecisionId, e.Allowed, e.Rules, e.Model, e.Version);
}

internal sealed class PromoteModelHandler(PolicyFile policy) : ICommandHandler<PromoteModel>
{
    public async Task<CommandResult> HandleAsync(PromoteModel command, CommandContext context, CancellationToken cancellationToken)
    {
        if (RequestRules.Name("model", command.Model) is { } invalid)
        {
            return CommandResult.Refused(invalid);
        }

        var decisionId = context.DeriveId("dec");
        if (await FindAsync(decisionId, context, cancellationToken) is { } repeated)
        {
            return repeated.Model == command.Model && (command.Version ?? repeated.Version) == repeated.Version
                ? CommandResult.Accepted(PromotionAnswer.From(repeated))
                : CommandResult.Refused(RequestRules.Invalid("The Idempotency-Key was used for another promotion; use a new one."));
        }

        var model = await context.Transaction.LoadAsync<Model>(command.Model!, cancellationToken);
        Judgement judgement;
        try
        {
            judgement = Promotion.Judge(model.State, command.Model!, command.Version, await policy.ReadAsync(cancellationToken), decisionId, context.Now);
        }
        catch (PolicyException e)
        {
            return CommandResult.Refused(ErrorCodes.Unavailable, e.Message);
        }

        if (judgement.Refusal is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        if (judgement.Decided is not { } decided)
        {
            if (context.IsFromSaga)
            {
                // Somebody promoted it before the saga asked, and no event would come any more.
                return CommandResult.Refused(ErrorCodes.InvalidRequest, $"Version {model.State.Champion!.Version} of model '{command.Model}' is the champion already.");
            }

            var earlier = await FindAsync(model.State.Champion!.DecisionId, context, cancellationToken);
            return CommandResult.Accepted(earlier is null ? null : PromotionAnswer.From(earlier));
        }

        await context.Transaction.AppendAsync(StreamId(decisionId), ModelsModule.DecisionCategory, 0, [decided], context.Metadata, cancellationToken);
        await context.Transaction.AppendAsync(model, [judgement.Consequence!], context.Metadata, cancellationToken);
        return CommandResult.Accepted(PromotionAnswer.From(decided));
    }

    public object? Reject(PromoteModel command, Refusal refusal, CommandContext context) =>
        new ModelRejected(command.Model, nameof(PromoteModel), refusal.Code, refusal.Message, context.Now) { TaskId = context.IsFromSaga ? command.TaskId : null };

    private static async Task<PromotionDecided?> FindAsync(string decisionId, CommandContext context, CancellationToken cancellationToken) =>
        (await context.Transaction.ReadStreamAsync(StreamId(decisionId), cancellationToken)).Select(e => e.Data).OfType<PromotionDecided>().SingleOrDefault();

    private static string StreamId(string decisionId) => $"{ModelsModule.DecisionCategory}-{decisionId}";
}
