namespace EventMl.Models;

/// <summary>Wiring of the models area.</summary>
public static class ModelsModule
{
    /// <summary>Schema of the area's tables.</summary>
    public const string Schema = "models";

    internal const string DecisionCategory = "decision";
}
