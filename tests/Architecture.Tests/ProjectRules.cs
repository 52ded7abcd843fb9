using System.Xml.Linq;

namespace EventMl.Architecture.Tests;

/// <summary>A project, as its file says.</summary>
internal sealed record Project(string Name, string Path, IReadOnlyList<string> References, IReadOnlyList<string> Packages)
{
    public static Project Read(string path, string text)
    {
        var xml = XDocument.Parse(text);
        return new Project(
            System.IO.Path.GetFileNameWithoutExtension(path), path, Includes("ProjectReference", System.IO.Path.GetFileNameWithoutExtension), Includes("PackageReference", p => p));

        string[] Includes(string element, Func<string, string> shape) => [.. xml.Descendants(element).Select(e => shape(e.Attribute("Include")!.Value))];
    }

    /// <summary>The storey of the house it lives in.</summary>
    public string Layer => Path.Split('/') switch
    {
        ["src", "Apps", "Sdk", ..] => "Sdk",
        ["src", "Apps", ..] => "Apps",
        ["src", var top, ..] => top,
        _ => "",
    };
}

/// <summary>References point one way: Contracts ← Foundation ← Services ← Apps; Sagas stand on Contracts and Bus alone.</summary>
internal static class ProjectRules
{
    // What scripts reference must stay free of the servers' side.
    private static readonly string[] _forScripts = ["EventMl.Arrow", "EventMl.Lake", "EventMl.Torch"];

    private static readonly Dictionary<string, string[]> _owners = new(StringComparer.Ordinal)
    {
        ["MassTransit"] = ["EventMl.Bus"],
        ["MassTransit.RabbitMQ"] = ["EventMl.Bus"],
        ["Npgsql"] = ["EventMl.EventStore", "EventMl.Bus", "EventMl.Jobs", "EventMl.Data"],
    };

    public static IEnumerable<string> WrongReferences(IReadOnlyCollection<Project> projects) =>
        from project in projects
        from name in project.References
        let target = projects.SingleOrDefault(p => p.Name == name)
        where target is null || !MayReference(project, target)
        select $"{project.Name} → {name}";

    public static IEnumerable<string> WrongPackages(IEnumerable<Project> projects) =>
        from project in projects
        from package in project.Packages
        where project.Layer == "Contracts" || (_owners.TryGetValue(package, out var owners) && !owners.Contains(project.Name))
        select $"{project.Name} → {package}";

    private static bool MayReference(Project from, Project to) => from.Layer switch
    {
        "Foundation" => to.Layer is "Contracts" or "Foundation",
        "Services" => to.Layer is "Contracts" or "Foundation",
        "Sagas" => to.Layer == "Contracts" || to.Name == "EventMl.Bus",
        "Sdk" => _forScripts.Contains(to.Name),
        // The client verifies exports of the ledger without a server; TypeRules hold it to that.
        "Apps" when from.Name == "EventMl.Cli" => to.Layer == "Contracts" || to.Name == "EventMl.EventStore",
        "Apps" => to.Layer != "Apps",
        _ => false,
    };
}
