namespace EventMl.Bench;

/// <summary>Where benches keep large files: below artifacts, on the disk that is measured.</summary>
internal static class BenchFiles
{
    /// <summary>The folder with EventMl.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A new empty folder; whoever asks for it deletes it.</summary>
    public static string Folder(string name)
    {
        var path = Path.Combine(Root, "artifacts", "bench", $"{name}-{Environment.ProcessId}");
        return Directory.CreateDirectory(path).FullName;
    }

    private static string FindRoot()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "EventMl.sln")))
        {
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("EventMl.sln is not above the bench.");
        }

        return root;
    }
}
