namespace EventMl.Contracts;

/// <summary>Why a command was not accepted; never an exception, always an answer.</summary>
/// <param name="Code">One of <see cref="ErrorCodes"/>.</param>
/// <param name="Message">A sentence that says what to do next.</param>
public sealed record Refusal(string Code, string Message);

/// <summary>The error codes of REST bodies, rejected events and failed tasks.</summary>
public static class ErrorCodes
{
    /// <summary>The request is malformed or its values are not allowed (400).</summary>
    public const string InvalidRequest = "INVALID_REQUEST";

    /// <summary>No such dataset, or it was deleted (404).</summary>
    public const string DatasetNotFound = "DATASET_NOT_FOUND";

    /// <summary>No such model or model version, or it was deleted (404).</summary>
    public const string ModelNotFound = "MODEL_NOT_FOUND";

    /// <summary>No such task (404).</summary>
    public const string TaskNotFound = "TASK_NOT_FOUND";

    /// <summary>No such inference service (404).</summary>
    public const string ServiceNotFound = "SERVICE_NOT_FOUND";

    /// <summary>No such decision in the ledger (404).</summary>
    public const string DecisionNotFound = "DECISION_NOT_FOUND";

    /// <summary>No such failed message, or no such cause (404).</summary>
    public const string FailureNotFound = "FAILURE_NOT_FOUND";

    /// <summary>No such principal, or it was revoked (404).</summary>
    public const string PrincipalNotFound = "PRINCIPAL_NOT_FOUND";

    /// <summary>No such API key (404).</summary>
    public const string KeyNotFound = "KEY_NOT_FOUND";

    /// <summary>No such pipeline (404).</summary>
    public const string PipelineNotFound = "PIPELINE_NOT_FOUND";

    /// <summary>Nothing is at that address (404).</summary>
    public const string NotFound = "NOT_FOUND";

    /// <summary>The address exists but does not take that method (405).</summary>
    public const string MethodNotAllowed = "METHOD_NOT_ALLOWED";

    /// <summary>Nobody vouches for the caller (401).</summary>
    public const string Unauthenticated = "UNAUTHENTICATED";

    /// <summary>The caller is known and may not do that (403).</summary>
    public const string Forbidden = "FORBIDDEN";

    /// <summary>More is asked for than can be done right now; slow down (429).</summary>
    public const string Overloaded = "OVERLOADED";

    /// <summary>A task of the same kind and name is still pending or running (409).</summary>
    public const string TaskAlreadyRunning = "TASK_ALREADY_RUNNING";

    /// <summary>The task has already ended (409).</summary>
    public const string TaskNotRunning = "TASK_NOT_RUNNING";

    /// <summary>A service of that name exists (409).</summary>
    public const string ServiceAlreadyExists = "SERVICE_ALREADY_EXISTS";

    /// <summary>A running task or a kept model needs the dataset (409).</summary>
    public const string DatasetInUse = "DATASET_IN_USE";

    /// <summary>A name or tag is taken, or somebody else changed the same at the same time (409).</summary>
    public const string DatasetConflict = "DATASET_CONFLICT";

    /// <summary>A running service needs the model (409).</summary>
    public const string ModelInUse = "MODEL_IN_USE";

    /// <summary>The failed message is being retried, was handled or was discarded (409).</summary>
    public const string FailureNotOpen = "FAILURE_NOT_OPEN";

    /// <summary>The key was issued before, and its secret was shown then (409).</summary>
    public const string KeyAlreadyIssued = "KEY_ALREADY_ISSUED";

    /// <summary>The broker's account speaks for another principal (409).</summary>
    public const string BrokerUserTaken = "BROKER_USER_TAKEN";

    /// <summary>The body is larger than allowed (413).</summary>
    public const string PayloadTooLarge = "PAYLOAD_TOO_LARGE";

    /// <summary>A part the request needs cannot be reached right now (503).</summary>
    public const string Unavailable = "UNAVAILABLE";

    /// <summary>A defect of the platform; the log has the details (500).</summary>
    public const string InternalError = "INTERNAL_ERROR";

    /// <summary>The task was cancelled by a person or a saga.</summary>
    public const string TaskCancelled = "TASK_CANCELLED";

    /// <summary>The task ran past its time limit.</summary>
    public const string TaskTimedOut = "TASK_TIMED_OUT";

    /// <summary>The script threw, returned nonsense, or reported non-finite numbers.</summary>
    public const string ScriptFailed = "SCRIPT_FAILED";

    /// <summary>The script's process was ended by a signal.</summary>
    public const string ScriptCrashed = "SCRIPT_CRASHED";

    /// <summary>The task used more memory, time, processes or disk than it may.</summary>
    public const string TaskLimitExceeded = "TASK_LIMIT_EXCEEDED";
}

/// <summary>The reason in a failed task.</summary>
/// <param name="Code">One of <see cref="ErrorCodes"/>.</param>
/// <param name="Message">What happened, readable by a person.</param>
public sealed record TaskError(string Code, string Message);
