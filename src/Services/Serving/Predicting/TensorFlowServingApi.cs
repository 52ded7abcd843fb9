using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EventMl.Serving.Predicting;

/// <summary>TensorFlow Serving's REST for one model: <c>GET /v1/models/M[/versions/V]</c> and <c>POST …:predict</c>.</summary>
internal static class TensorFlowServingApi
{
    public static void MapTensorFlowServing(this IEndpointRouteBuilder app, RunningModel model)
    {
        // A colon verb is part of the last segment, so one catch-all reads the whole path.
        app.MapGet("/v1/models/{**path}", (string path) => Status(model, path));
        app.MapPost("/v1/models/{**path}", (string path, HttpRequest request, CancellationToken cancellationToken) => PredictAsync(model, path, request, cancellationToken));
    }

    private static IResult Status(RunningModel model, string path)
    {
        var target = Target.Parse(path);
        if (target is null || target.Verb.Length > 0)
        {
            return Error(StatusCodes.Status404NotFound, "Malformed request: GET /v1/models/" + path);
        }

        // A status that is not there is told in other words than a prediction, as the peer's clients know it.
        return !target.Fits(model) ? Error(StatusCodes.Status404NotFound, target.Version is { } version
            ? $"Could not find version {version} of model {target.Model}"
            : $"Could not find any versions of model {target.Model}") : Results.Json(new
        {
            model_version_status = new[]
            {
                new { version = model.Version.ToString(), state = "AVAILABLE", status = new { error_code = "OK", error_message = "" } },
            },
        });
    }

    private static async Task<IResult> PredictAsync(RunningModel model, string path, HttpRequest request, CancellationToken cancellationToken)
    {
        var target = Target.Parse(path);
        if (target?.Verb != "predict")
        {
            return Error(StatusCodes.Status404NotFound, "Malformed request: POST /v1/models/" + path);
        }

        if (!target.Fits(model))
        {
            return Error(StatusCodes.Status404NotFound, target.Version is { } version
                ? $"Servable not found for request: Specific({target.Model}, {version})"
                : $"Servable not found for request: Latest({target.Model})");
        }

        try
        {
            using var body = await JsonDocument.ParseAsync(request.Body, default, cancellationToken);
            return Answer(model, body.RootElement);
        }
        catch (JsonException e)
        {
            return Error(StatusCodes.Status400BadRequest, $"JSON Parse error: {e.Message}");
        }
        catch (InvalidInputException e)
        {
            return Error(StatusCodes.Status400BadRequest, e.Message);
        }
    }

    private static IResult Answer(RunningModel model, JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidInputException("The body must be a JSON object with \"instances\" or \"inputs\".");
        }

        if (body.TryGetProperty("signature_name", out var signature) && signature.ValueKind == JsonValueKind.String && signature.GetString() is not ("" or "serving_default"))
        {
            throw new InvalidInputException($"Serving signature key \"{signature.GetString()}\" not found; use \"serving_default\".");
        }

        var hasInstances = body.TryGetProperty("instances", out var instances);
        var hasInputs = body.TryGetProperty("inputs", out var inputs);
        if (hasInstances == hasInputs)
        {
            throw new InvalidInputException("Give exactly one of \"instances\" and \"inputs\".");
        }

        if (hasInputs && inputs.ValueKind == JsonValueKind.Object && inputs.TryGetProperty(model.Definition.Input.Name, out var named))
        {
            inputs = named;
        }

        var rows = model.Predict(JsonTensor.Samples(model, hasInstances ? instances : inputs));
        return hasInstances ? Results.Json(new { predictions = rows }) : Results.Json(new { outputs = rows });
    }

    private static IResult Error(int status, string message) => Results.Json(new { error = message }, statusCode: status);

    /// <summary>What a path names: model, version, verb.</summary>
    private sealed record Target(string Model, long? Version, string Verb)
    {
        public static Target? Parse(string path)
        {
            var colon = path.LastIndexOf(':');
            var verb = colon < 0 ? "" : path[(colon + 1)..];
            var parts = (colon < 0 ? path : path[..colon]).Split('/');
            return parts switch
            {
                [var model] => new Target(Uri.UnescapeDataString(model), null, verb),
                [var model, "versions", var version] when long.TryParse(version, out var v) => new Target(Uri.UnescapeDataString(model), v, verb),
                _ => null,
            };
        }

        public bool Fits(RunningModel model) => Model == model.Name && (Version is null || Version == model.Version);
    }
}
