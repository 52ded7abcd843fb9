using System.Text.RegularExpressions;

namespace EventMl.Jobs.Scripts;

/// <summary>A script in a Git repository at one commit: <c>git+https://host/team/scripts.git@COMMIT#path/in/it.py</c>.</summary>
/// <param name="Url">Repository, with the scheme https, ssh or file.</param>
/// <param name="Commit">All 40 or 64 hexadecimal digits, since a branch or a short id may mean something else tomorrow.</param>
/// <param name="Path">Path of the script in the repository.</param>
internal sealed partial record GitReference(string Url, string Commit, string Path)
{
    private const string Example = "git+https://host/team/scripts.git@0123456789abcdef0123456789abcdef01234567#clean.py";
    private static readonly string[] Schemes = ["https", "ssh", "file"];

    public static bool Is(string script) => script.StartsWith("git+", StringComparison.Ordinal);

    /// <summary>The reference, or what is wrong with it.</summary>
    public static (GitReference? Reference, string? Problem) Parse(string script)
    {
        if (script.Length > 2000 || Pattern().Match(script) is not { Success: true } match)
        {
            return (null, $"The script '{EventStore.Clean.Text(script, 300)}' is no Git reference; give a repository, all digits of a commit and a path in it, such as {Example}.");
        }

        var (url, path) = (match.Groups["url"].Value, match.Groups["path"].Value);
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || !Schemes.Contains(uri.Scheme))
        {
            return (null, $"Scripts come from Git by {string.Join(", ", Schemes)} only; give an address such as {Example}.");
        }

        if (uri.UserInfo.Contains(':', StringComparison.Ordinal))
        {
            return (null, "A Git reference must not hold a password, since it is recorded; use ssh, or a repository that can be read without one.");
        }

        return path.Split('/').Any(p => p is "" or "." or ".." || p.Equals(".git", StringComparison.OrdinalIgnoreCase))
            ? (null, $"The path '{EventStore.Clean.Text(path, 300)}' must lead to a file inside the repository.")
            : (new GitReference(url, match.Groups["commit"].Value, path), null);
    }

    [GeneratedRegex(@"^git\+(?<url>[a-z]+://[A-Za-z0-9_.:@/~%+-]+)@(?<commit>[0-9a-f]{40}|[0-9a-f]{64})#(?<path>[^\p{C}\\]+)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pattern();
}
