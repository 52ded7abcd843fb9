namespace EventMl.Data.Quality;

/// <summary>A suite is not one that can be evaluated; the message names file, line and key and says what is allowed.</summary>
public sealed class QualitySuiteException(string message, Exception? inner = null) : Exception(message, inner);
