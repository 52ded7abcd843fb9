using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Datasets;
using EventMl.Data;
using EventMl.Data.Sources;
using EventMl.Jobs;
using EventMl.Jobs.Scripts;
using EventMl.Tasks;

namespace EventMl.Datasets.Requesting;

/// <summary>Accepts an ingestion when its input and script can be read and its name is free.</summary>
internal sealed class RequestIngestionHandler(TaskCommands commands, IngestionSources sources) : ICommandHandler<RequestIngestion>
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
            taskId, command.Name!, command.Input ?? "", command.Script, command.Source, RequestRules.ParamsOrEmpty(command.Params),
            command.Output!, command.TimeoutSeconds ?? DefaultTimeoutSeconds, context.Now);
        return await context.RequestTaskAsync<IngestionTask>(taskId, requested.Name, "An ingestion", task => task.Decide(requested), cancellationToken);
    }

    public object Reject(RequestIngestion command, Refusal refusal, CommandContext context) =>
        new IngestionRejected(command.TaskId, command.Name, nameof(RequestIngestion), refusal.Code, refusal.Message, context.Now);

    private Refusal? Check(RequestIngestion command) =>
        RequestRules.OptionalId("task_id", command.TaskId)
        ?? RequestRules.Name("name", command.Name)
        ?? RequestRules.Name("output", command.Output)
        ?? CheckRoomForQuarantine(command.Output!)
        ?? RequestRules.Params(command.Params)
        ?? commands.CheckLimits(command.Params)
        ?? RequestRules.Timeout(command.TimeoutSeconds)
        ?? CheckReader(command)
        ?? CheckInput(command);

    private Refusal? CheckReader(RequestIngestion command) => (command.Script, command.Source) switch
    {
        (null, null) => RequestRules.Invalid($"Give either 'script' (a path) or 'source' (one of: {string.Join(", ", SourceRequest.All)})."),
        (not null, not null) => RequestRules.Invalid("'script' and 'source' exclude each other; give one."),
        (null, var source) => CheckSource(source, command),
        (var script, _) => commands.CheckScript(script),
    };

    private Refusal? CheckSource(string source, RequestIngestion command)
    {
        SourceRequest request;
        try
        {
            request = SourceRequest.Parse(source, RequestRules.ParamsOrEmpty(command.Params));
        }
        catch (SourceException e)
        {
            return RequestRules.Invalid(e.Message);
        }

        return request.Connection is { } connection && !sources.Connections.ContainsKey(connection)
                ? RequestRules.Invalid($"There is no connection '{connection}'; ask whoever runs the platform to add it to EVENTML_SOURCE_CONNECTIONS{(sources.Connections.Count == 0 ? "" : $" (there are: {string.Join(", ", sources.Connections.Keys.Order(StringComparer.Ordinal))})")}.")
                : null;
    }

    private static Refusal? CheckRoomForQuarantine(string output) =>
        QuarantineNames.IsOne(output) || QuarantineNames.Of(output).Length > RequestRules.MaxNameLength
            ? RequestRules.Invalid($"'output' must not end in '{QuarantineNames.Ending}' and must leave room for it ({RequestRules.MaxNameLength} characters): bad rows are kept under that name.")
            : null;

    private Refusal? CheckInput(RequestIngestion command) => (command.Source, command.Input) switch
    {
        (SourceRequest.Sql, null or "") => null,
        (SourceRequest.Sql, _) => RequestRules.Invalid("Source sql takes no 'input'; name the database with params.connection."),
        (_, var input) => RequestRules.Present("input", input) ?? commands.CheckInput(input!),
    };
}
