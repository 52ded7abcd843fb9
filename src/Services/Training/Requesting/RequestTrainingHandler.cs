using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Training;
using EventMl.Jobs;
using EventMl.Jobs.Scripts;
using EventMl.Tasks;

namespace EventMl.Training.Requesting;

/// <summary>Accepts a training when its dataset exists, its script or model is usable and its name is free.</summary>
internal sealed class RequestTrainingHandler(TaskCommands commands) : ICommandHandler<RequestTraining>
{
    private const int DefaultTimeoutSeconds = 24 * 3600;

    public async Task<CommandResult> HandleAsync(RequestTraining command, CommandContext context, CancellationToken cancellationToken)
    {
        if (Check(command) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        var (dataset, version) = RequestRules.Reference(command.Input!)!.Value;
        // Locked, so that the dataset is not deleted while this decides.
        var reading = await context.Transaction.LoadAsync<DatasetReading>(dataset, cancellationToken);
        if (reading.State.Find(version) is not { } input)
        {
            return CommandResult.Refused(ErrorCodes.DatasetNotFound, $"Dataset '{command.Input}' does not exist; ingest it first, or list the datasets to find its name.");
        }

        var taskId = command.TaskId ?? context.DeriveId("train");
        var requested = new TrainingRequested(
            taskId, command.Name!, dataset, input.Version, input.Uri, input.ManifestSha256, command.Script, command.Model,
            RequestRules.ParamsOrEmpty(command.Params), command.Output!, command.TimeoutSeconds ?? DefaultTimeoutSeconds, context.Now);
        return await context.RequestTaskAsync<TrainingTask>(taskId, requested.Name, "A training", task => task.Decide(requested), cancellationToken);
    }

    public object Reject(RequestTraining command, Refusal refusal, CommandContext context) =>
        new TrainingRejected(command.TaskId, command.Name, nameof(RequestTraining), refusal.Code, refusal.Message, context.Now);

    private Refusal? Check(RequestTraining command) =>
        RequestRules.OptionalId("task_id", command.TaskId)
        ?? RequestRules.Name("name", command.Name)
        ?? RequestRules.Name("output", command.Output)
        ?? CheckInput(command.Input)
        ?? RequestRules.Params(command.Params)
        ?? commands.CheckLimits(command.Params)
        ?? RequestRules.Timeout(command.TimeoutSeconds)
        ?? CheckTrainer(command);

    private static Refusal? CheckInput(string? input) =>
        RequestRules.Present("input", input)
        ?? (RequestRules.Reference(input!) is { } reference
            ? RequestRules.Name("input", reference.Name)
            : RequestRules.Invalid("'input' must be a dataset's name, or name@version with a version from 1."));

    private Refusal? CheckTrainer(RequestTraining command) => (command.Script, command.Model) switch
    {
        (null, null) => RequestRules.Invalid("Give either 'script' (a path) or 'model' (layers for the built-in trainer)."),
        (not null, not null) => RequestRules.Invalid("'script' and 'model' exclude each other; give one."),
        (null, { } model) => DeclaredTraining.Check(model, command.Params),
        (var script, _) => commands.CheckScript(script),
    };
}
