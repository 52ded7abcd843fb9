namespace EventMl.Serving.Predicting;

/// <summary>The input of a prediction does not fit the model; the message says what would.</summary>
internal sealed class InvalidInputException(string message, Exception? inner = null) : Exception(message, inner);
