using System.Text.Json;
using EventMl.Contracts;
using EventMl.Jobs;
using EventMl.Torch;

namespace EventMl.Training;

/// <summary>Checks a declared model at the door, so that a wrong layer is refused before anything is queued.</summary>
internal static class DeclaredTraining
{
    public static Refusal? Check(JsonElement model, JsonElement? parameters)
    {
        try
        {
            ModelDefinition.Parse(model.GetRawText());
            TrainerParameters.Read(parameters ?? RequestRules.EmptyObject).Validate();
            return null;
        }
        catch (TorchException e)
        {
            return RequestRules.Invalid(e.Message);
        }
    }
}
