using System.Diagnostics;
using System.Globalization;

namespace EventMl.Testing;

/// <summary>A PostgreSQL or RabbitMQ of an instance that can be ended and started again just as it was, behind the launcher's back.</summary>
public sealed class ServerProcess
{
    private readonly string[] _command;
    private readonly Dictionary<string, string> _environment;
    private readonly string _user;
    private readonly string _folder;
    private int _id;

    private ServerProcess(int id)
    {
        _id = id;
        _command = File.ReadAllText($"/proc/{id}/cmdline").TrimEnd('\0').Split('\0');
        _environment = Environment(id).Select(v => v.Split('=', 2)).ToDictionary(v => v[0], v => v[1], StringComparer.Ordinal);
        _user = File.ReadLines($"/proc/{id}/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1];
        _folder = _environment["EVENTML_SERVER_OF"];
    }

    /// <summary>The running server of an instance.</summary>
    /// <param name="stateDirectory">The instance's folder, <c>EVENTML_STATE_DIR</c> in its env file.</param>
    /// <param name="name"><c>postgres</c> or <c>rabbitmq</c>.</param>
    public static ServerProcess Find(string stateDirectory, string name) =>
        new(int.Parse(File.ReadAllText(Path.Combine(stateDirectory, "processes", name)).Split(':')[0], CultureInfo.InvariantCulture));

    /// <summary>Ends the server in good order and waits until it is gone.</summary>
    public void Stop() => End("INT", [_id]);

    /// <summary>Ends the server and everything it forked with SIGKILL, all at once.</summary>
    public void Kill() => End("KILL", [_id, .. Family()]);

    /// <summary>Starts it again with the same command, environment and user; whoever needs it waits until it answers.</summary>
    public void Start()
    {
        string[] asUser = System.Environment.UserName == "root" ? ["setpriv", $"--reuid={_user}", $"--regid={_user}", "--clear-groups", "--"] : [];
        string[] all = [.. asUser, .. _command];
        var start = new ProcessStartInfo(all[0], all[1..]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder };
        start.Environment.Clear();
        foreach (var (name, value) in _environment)
        {
            start.Environment[name] = value;
        }

        var server = Process.Start(start)!;
        server.OutputDataReceived += Note;
        server.ErrorDataReceived += Note;
        server.BeginOutputReadLine();
        server.BeginErrorReadLine();
        _id = server.Id;
    }

    /// <summary>Whether the process that was started last still runs.</summary>
    public bool IsAlive => !IsGone(_id);

    /// <summary>What it printed last.</summary>
    public string LastWords { get; private set; } = "";

    private void Note(object sender, DataReceivedEventArgs line) => LastWords = line.Data ?? LastWords;

    private void End(string signal, int[] processes)
    {
        using (var kill = Process.Start("/bin/sh", ["-c", "kill \"$@\" 2>/dev/null", "kill", "-s", signal, .. processes.Select(p => p.ToString(CultureInfo.InvariantCulture))]))
        {
            // One that ended meanwhile is no failure.
            kill.WaitForExit();
        }

        SpinWait.SpinUntil(() => processes.All(IsGone), TimeSpan.FromSeconds(30));
        if (!processes.All(IsGone))
        {
            throw new TimeoutException($"{_command[0]} did not end within 30 s.");
        }
    }

    // Backends that outlive their postmaster would hold its memory; the port mapper is not part of the broker.
    private IEnumerable<int> Family() =>
        Directory.EnumerateDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out var id) ? id : 0)
            .Where(id => id > 0 && id != _id && Environment(id).Contains($"EVENTML_SERVER_OF={_folder}") && !Name(id).Contains("epmd", StringComparison.Ordinal));

    private static string[] Environment(int id) => Read($"/proc/{id}/environ").TrimEnd('\0').Split('\0');

    private static string Name(int id) => Read($"/proc/{id}/comm");

    // Where no init collects it, an ended process stays as a zombie.
    private static bool IsGone(int id) => Read($"/proc/{id}/stat") is var stat && (stat.Length == 0 || stat.Split(") ")[^1].StartsWith('Z'));

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
