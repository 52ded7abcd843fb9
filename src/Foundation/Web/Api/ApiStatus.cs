using EventMl.Contracts;
using Microsoft.AspNetCore.Http;

namespace EventMl.Web;

/// <summary>The HTTP status of each error code.</summary>
public static class ApiStatus
{
    /// <summary>The status of a code; 500 for one that is not an answer to a request.</summary>
    public static int Of(string code) => code switch
    {
        ErrorCodes.InvalidRequest => StatusCodes.Status400BadRequest,
        ErrorCodes.DatasetNotFound or ErrorCodes.ModelNotFound or ErrorCodes.TaskNotFound or ErrorCodes.ServiceNotFound or ErrorCodes.DecisionNotFound or ErrorCodes.NotFound
            => StatusCodes.Status404NotFound,
        ErrorCodes.TaskAlreadyRunning or ErrorCodes.ServiceAlreadyExists or ErrorCodes.TaskNotRunning or ErrorCodes.DatasetInUse or ErrorCodes.ModelInUse
            => StatusCodes.Status409Conflict,
        ErrorCodes.PayloadTooLarge => StatusCodes.Status413PayloadTooLarge,
        ErrorCodes.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };
}
