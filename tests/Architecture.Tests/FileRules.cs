using System.Text.RegularExpressions;

namespace EventMl.Architecture.Tests;

/// <summary>What holds for files and folders.</summary>
internal static partial class FileRules
{
    public const int MaxLines = 300;
    public const int MaxProgramLines = 25;
    public const int MaxStateMachineLines = 120;

    public static IEnumerable<string> TooLong(IEnumerable<SourceFile> files) =>
        from file in files
        let limit = file.Path.EndsWith("/Program.cs", StringComparison.Ordinal) ? MaxProgramLines
            : file.Path.EndsWith("StateMachine.cs", StringComparison.Ordinal) ? MaxStateMachineLines
            : MaxLines
        where file.Lines > limit
        select $"{file.Path}: {file.Lines} lines, at most {limit}";

    /// <summary>A warning is silenced only with its reason: a comment on the line or above, a justification, an XML comment.</summary>
    public static IEnumerable<string> SilencedWithoutReason(IEnumerable<SourceFile> files)
    {
        foreach (var file in files)
        {
            var lines = file.Text.Split('\n');
            for (var i = 0; i < lines.Length; i++)
            {
                var (line, above) = (lines[i].Trim(), i > 0 ? lines[i - 1].Trim() : "");
                var excused = !Silences().IsMatch(line)
                    || (line.StartsWith("#pragma", StringComparison.Ordinal) && (line.Contains("//", StringComparison.Ordinal) || IsComment(above)))
                    || (line.StartsWith('[') && Justified().IsMatch(line))
                    || (line.StartsWith("<NoWarn>", StringComparison.Ordinal) && above.EndsWith("-->", StringComparison.Ordinal));
                if (!excused)
                {
                    yield return $"{file.Path}:{i + 1}";
                }
            }
        }
    }

    /// <summary>A test project that the solution does not build, or that <c>./eventml test</c> does not run.</summary>
    /// <param name="projects">Paths of the project files below <c>tests/</c>.</param>
    /// <param name="solution">Text of the solution.</param>
    public static IEnumerable<string> NeverTested(IEnumerable<string> projects, string solution)
    {
        foreach (var project in projects.Where(p => p != "tests/Testing/EventMl.Testing.csproj"))
        {
            if (!solution.Contains($"\"{project.Replace('/', '\\')}\"", StringComparison.Ordinal))
            {
                yield return $"{project} is not in EventMl.sln";
            }

            if (!RunByLauncher().IsMatch(project))
            {
                yield return $"{project} is not in a folder tests/*.Tests of its own";
            }
        }
    }

    /// <summary>Areas without exactly one file that wires them.</summary>
    /// <param name="files">Paths below <c>src/Services</c>.</param>
    public static IEnumerable<string> WithoutOneModule(IEnumerable<string> files) =>
        files.GroupBy(f => f.Split('/')[2], StringComparer.Ordinal)
            .Where(area => area.Count(f => f == $"src/Services/{area.Key}/{area.Key}Module.cs") != 1 || area.Count(f => f.EndsWith("Module.cs", StringComparison.Ordinal)) != 1)
            .Select(area => area.Key);

    private static bool IsComment(string line) => line.StartsWith("//", StringComparison.Ordinal) && !line.StartsWith("///", StringComparison.Ordinal);

    [GeneratedRegex(@"^#pragma warning disable|^\[.*SuppressMessage\(|^<NoWarn>", RegexOptions.None, 1000)]
    private static partial Regex Silences();

    [GeneratedRegex("Justification = \"[^\"]{10,}\"", RegexOptions.None, 1000)]
    private static partial Regex Justified();

    [GeneratedRegex(@"^tests/[^/]+\.Tests/[^/]+\.csproj$", RegexOptions.None, 1000)]
    private static partial Regex RunByLauncher();
}
