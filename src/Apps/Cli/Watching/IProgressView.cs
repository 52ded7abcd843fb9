using System.Text.Json;

namespace EventMl.Cli.Watching;

/// <summary>Where the watcher shows what it sees.</summary>
internal interface IProgressView
{
    /// <summary>The task as it is now.</summary>
    void Show(JsonElement task);

    /// <summary>An epoch seen for the first time, in order.</summary>
    void Epoch(JsonElement epoch);

    /// <summary>Something to be told once.</summary>
    void Note(string text);
}
