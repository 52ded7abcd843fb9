namespace EventMl.Jobs.Scripts;

/// <summary>The unprivileged user that runs user scripts.</summary>
internal sealed record ScriptUser(string Name, uint UserId, uint GroupId)
{
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
