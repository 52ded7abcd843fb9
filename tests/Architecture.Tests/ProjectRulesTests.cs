namespace EventMl.Architecture.Tests;

public sealed class ProjectRulesTests
{
    private static readonly Project[] _projects = [.. Repository.Files(["src"], [".csproj"]).Select(f => Project.Read(f.Path, f.Text))];

    [Fact]
    public void References_point_one_way_when_projects_are_read() => ProjectRules.WrongReferences(_projects).ShouldBeEmpty();

    [Fact]
    public void Packages_stay_with_their_owners_when_projects_are_read() => ProjectRules.WrongPackages(_projects).ShouldBeEmpty();

    [Fact]
    public void Every_storey_is_there_when_projects_are_read() =>
        _projects.Select(p => p.Layer).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ShouldBe(["Apps", "Contracts", "Foundation", "Sagas", "Sdk", "Services"]);

    [Theory]
    [InlineData("src/Contracts/EventMl.Contracts.csproj", "Foundation/Bus/EventMl.Bus.csproj")]
    [InlineData("src/Foundation/Bus/EventMl.Bus.csproj", "Services/Training/EventMl.Training.csproj")]
    [InlineData("src/Services/Training/EventMl.Training.csproj", "Services/Models/EventMl.Models.csproj")]
    [InlineData("src/Services/Training/EventMl.Training.csproj", "Apps/Host/EventMl.Host.csproj")]
    [InlineData("src/Services/Models/EventMl.Models.csproj", "Apps/Sdk/EventMl.Sdk.csproj")]
    [InlineData("src/Sagas/EventMl.Sagas.csproj", "Foundation/EventStore/EventMl.EventStore.csproj")]
    [InlineData("src/Sagas/EventMl.Sagas.csproj", "Services/Training/EventMl.Training.csproj")]
    [InlineData("src/Apps/Sdk/EventMl.Sdk.csproj", "Foundation/EventStore/EventMl.EventStore.csproj")]
    [InlineData("src/Apps/Cli/EventMl.Cli.csproj", "Services/Training/EventMl.Training.csproj")]
    [InlineData("src/Services/Training/EventMl.Training.csproj", "Elsewhere/Unknown.csproj")]
    public void Reference_is_named_when_it_points_the_wrong_way(string from, string to)
    {
        var changed = Project.Read(from, $"""<Project><ItemGroup><ProjectReference Include="{to}" /></ItemGroup></Project>""");
        ProjectRules.WrongReferences([.. _projects.Where(p => p.Name != changed.Name), changed])
            .ShouldBe([$"{changed.Name} → {Path.GetFileNameWithoutExtension(to)}"]);
    }

    [Theory]
    [InlineData("src/Contracts/EventMl.Contracts.csproj", "YamlDotNet")]
    [InlineData("src/Services/Training/EventMl.Training.csproj", "MassTransit")]
    [InlineData("src/Services/Training/EventMl.Training.csproj", "Npgsql")]
    public void Package_is_named_when_it_is_not_the_projects_own(string project, string package) =>
        ProjectRules.WrongPackages([Project.Read(project, $"""<Project><ItemGroup><PackageReference Include="{package}" /></ItemGroup></Project>""")])
            .ShouldHaveSingleItem().ShouldEndWith(package);
}
