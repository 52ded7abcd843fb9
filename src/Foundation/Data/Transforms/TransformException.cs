namespace EventMl.Data.Transforms;

/// <summary>A pipeline's definition, its stored form or the data given to it are not usable; the message names the step and column and says what to do.</summary>
public sealed class TransformException(string message, Exception? inner = null) : Exception(message, inner);
