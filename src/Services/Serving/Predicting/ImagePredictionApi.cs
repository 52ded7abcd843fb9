using System.Text.Json;
using EventMl.Contracts;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EventMl.Serving.Predicting;

/// <summary>The platform's own prediction: <c>{"image": base64}</c> in, class, confidence and probabilities out.</summary>
internal static class ImagePredictionApi
{
    public static void MapImagePrediction(this IEndpointRouteBuilder app, RunningModel model) =>
        app.MapPost("/predict", (HttpRequest request, CancellationToken cancellationToken) => PredictAsync(model, request, cancellationToken));

    public static async Task<IResult> PredictAsync(RunningModel model, HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            using var body = await JsonDocument.ParseAsync(request.Body, default, cancellationToken);
            var image = body.RootElement.ValueKind == JsonValueKind.Object && body.RootElement.TryGetProperty("image", out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
            return Results.Json(Prediction.Of(model, model.Predict(ImageInput.Decode(model, image))[0]), WebJson.Options);
        }
        catch (Exception e) when (e is JsonException or InvalidInputException)
        {
            return ApiResults.Refused(new Refusal(ErrorCodes.InvalidRequest, e is JsonException ? $"The body is not JSON: {e.Message}" : e.Message));
        }
    }
}
