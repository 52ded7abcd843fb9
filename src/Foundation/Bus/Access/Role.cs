namespace EventMl.Bus;

/// <summary>What somebody may do; each role may do all that the ones before it may.</summary>
public enum Role
{
    /// <summary>Reads and asks services for predictions.</summary>
    Viewer = 1,

    /// <summary>Ingests, trains, deploys, cancels and deletes.</summary>
    Developer = 2,

    /// <summary>Also promotes a model by hand.</summary>
    Approver = 3,

    /// <summary>Also masks, manages principals and keys, and acts in another's name.</summary>
    Admin = 4,
}

/// <summary>The words for roles, as they stand in messages and settings.</summary>
public static class Roles
{
    /// <summary>All words, the least role first.</summary>
    public static IReadOnlyList<string> Words { get; } = ["viewer", "developer", "approver", "admin"];

    /// <summary>The word for a role.</summary>
    public static string Word(this Role role) => Words[(int)role - 1];

    /// <summary>The role of a word; null when there is none.</summary>
    public static Role? Parse(string? word)
    {
        for (var i = 0; i < Words.Count; i++)
        {
            if (Words[i] == word)
            {
                return (Role)(i + 1);
            }
        }

        return null;
    }
}
