namespace EventMl.Jobs.Scripts;

/// <summary>The unprivileged user that runs user scripts.</summary>
internal sealed record ScriptUser(string Name, uint UserId, uint GroupId)
{
    private const uint FirstTaskGroup = 2_000_000_000;
    private const uint TaskGroups = 100_000_000;

    /// <summary>
    /// The user within a group of the task's own: all scripts share the user, and the folders of a task open to its group only. The user's own
    /// group where this process may not use such numbers (a container with few ids).
    /// </summary>
    public ScriptUser ForTask(string taskId)
    {
        var hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(taskId));
        var group = FirstTaskGroup + (System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(hash) % TaskGroups);
        return File.ReadLines("/proc/self/gid_map").Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Any(m => Covers(m, group)) ? this with { GroupId = group } : this;

        static bool Covers(string[] map, uint group) => map.Length == 3 && uint.TryParse(map[0], out var first) && uint.TryParse(map[2], out var count) && group >= first && group - first < count;
    }

    /// <summary>The user when this process may become it (as root) and it exists; otherwise null.</summary>
    public static ScriptUser? Find(string name)
    {
        if (!Native.IsRoot || !File.Exists("/etc/passwd"))
        {
            return null;
        }

        foreach (var line in File.ReadLines("/etc/passwd"))
        {
            var parts = line.Split(':');
            if (parts.Length >= 4 && parts[0] == name && uint.TryParse(parts[2], out var user) && uint.TryParse(parts[3], out var group) && user != 0)
            {
                return new ScriptUser(name, user, group);
            }
        }

        return null;
    }
}
