namespace EventMl.Host.Hosting;

/// <summary>The areas a host can work for.</summary>
public static class HostAreas
{
    /// <summary>Ingestion tasks and datasets.</summary>
    public const string Datasets = "datasets";

    /// <summary>Training tasks.</summary>
    public const string Training = "training";

    /// <summary>The registry.</summary>
    public const string Models = "models";

    /// <summary>Inference services.</summary>
    public const string Serving = "serving";

    /// <summary>History and replay.</summary>
    public const string Audit = "audit";

    /// <summary>Failed messages and their way back.</summary>
    public const string Monitoring = "monitoring";

    /// <summary>Principals, roles and keys.</summary>
    public const string Access = "access";

    /// <summary>All state machines.</summary>
    public const string Sagas = "sagas";

    /// <summary>One address in front of areas that run as processes of their own.</summary>
    public const string Gateway = "gateway";

    /// <summary>What one process does when nothing is chosen.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Area.All.Select(a => a.Name)];
}
