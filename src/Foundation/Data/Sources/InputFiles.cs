namespace EventMl.Data.Sources;

/// <summary>The files behind an input, which is a file or a folder of files.</summary>
public static class InputFiles
{
    /// <summary>The file itself, or the folder's files of these endings in ordinal order; links and subfolders are not followed.</summary>
    /// <param name="input">Path of a file or folder.</param>
    /// <param name="endings">Such as <c>.csv</c>; case does not matter.</param>
    /// <exception cref="SourceException">There is no such file.</exception>
    public static IReadOnlyList<string> List(string input, params IReadOnlyList<string> endings)
    {
        if (File.Exists(input))
        {
            return [input];
        }

        if (!Directory.Exists(input))
        {
            throw new SourceException($"The input {input} does not exist.");
        }

        string[] found = [.. Directory.EnumerateFiles(input)
            .Where(f => endings.Any(e => f.EndsWith(e, StringComparison.OrdinalIgnoreCase)) && !File.GetAttributes(f).HasFlag(FileAttributes.ReparsePoint))
            .Order(StringComparer.Ordinal)];
        return found.Length > 0 ? found : throw new SourceException($"The folder {input} has no file that ends in {string.Join(" or ", endings)}.");
    }

    internal static long Size(IReadOnlyList<string> paths) => paths.Where(File.Exists).Sum(p => new FileInfo(p).Length);
}
