using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Jobs;
using EventMl.Jobs.Scripts;
using EventMl.Tasks;

namespace EventMl.Datasets.Requesting;

/// <summary>Accepts an ingestion when its input and script can be read and its name is free.</summary>
internal sealed class RequestIngestionHandler(TaskCommands commands) : ICommandHandler<RequestIngestion>
{
    private const int DefaultTimeoutSeconds = 3600;

    public async Task<CommandResult> HandleAsync(RequestIngestion command, CommandContext context, CancellationToken cancellationToken)
    {
        if (Check(command) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        var taskId = command.TaskId ?? context.DeriveId("ingest");
        var requested = new IngestionRequested(
            taskId, command.Name!, command.Input!, command.Script, command.Source, RequestRules.ParamsOrEmpty(command.Params),
            command.Output!, command.TimeoutSeconds ?? DefaultTimeoutSeconds, context.Now);
        return await context.RequestTaskAsync<IngestionTask>(taskId, requested.Name, "An ingestion", task => task.Decide(requested), cancellationToken);
    }

    public object Reject(RequestIngestion command, Refusal refusal, CommandContext context) =>
        new IngestionRejected(command.TaskId, command.Name, nameof(RequestIngestion), refusal.Code, refusal.Message, context.Now);

    private Refusal? Check(RequestIngestion command) =>
        RequestRules.OptionalId("task_id", command.TaskId)
        ?? RequestRules.Name("name", command.Name)
        ?? RequestRules.Name("output", command.Output)
        ?? RequestRules.Present("input", command.Input)
        ?? RequestRules.Params(command.Params)
        ?? commands.CheckLimits(command.Params)
        ?? RequestRules.Timeout(command.TimeoutSeconds)
        ?? CheckReader(command)
        ?? commands.CheckInput(command.Input!);

    private Refusal? CheckReader(RequestIngestion command) => (command.Script, command.Source) switch
    {
        (null, null) => RequestRules.Invalid("Give either 'script' (a path) or 'source' (\"idx\")."),
        (not null, not null) => RequestRules.Invalid("'script' and 'source' exclude each other; give one."),
        (null, var source) when !IngestionSources.All.Contains(source) => RequestRules.Invalid($"'source' must be one of: {string.Join(", ", IngestionSources.All)}."),
        (null, _) => null,
        (var script, _) => commands.CheckScript(script),
    };
}
