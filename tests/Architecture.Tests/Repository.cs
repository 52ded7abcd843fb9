using EventMl.Testing;

namespace EventMl.Architecture.Tests;

/// <summary>The files of the checkout.</summary>
internal static class Repository
{
    public static string Root => TestServers.RepositoryRoot;

    public static string Text(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>Files below the folders with one of the endings, with paths relative to the root and forward slashes.</summary>
    public static IReadOnlyList<SourceFile> Files(string[] folders, string[] endings) =>
        [.. folders.SelectMany(f => Directory.EnumerateFiles(Path.Combine(Root, f), "*", SearchOption.AllDirectories))
            .Where(f => endings.Contains(Path.GetExtension(f)))
            .Select(f => Path.GetRelativePath(Root, f))
            .Where(f => !f.Contains("node_modules", StringComparison.Ordinal) && !f.Contains("/fixtures/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(f => new SourceFile(f, Text(f)))];
}

/// <summary>A file by its path from the root.</summary>
internal sealed record SourceFile(string Path, string Text)
{
    public int Lines { get; } = Text.Split('\n').Length - (Text.EndsWith('\n') ? 1 : 0);
}
