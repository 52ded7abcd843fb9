namespace EventMl.Architecture.Tests;

public sealed class SettingRulesTests
{
    [Fact]
    public void Every_setting_is_listed_when_docs_are_read() =>
        SettingRules.NotListed(
            [.. Repository.Files(["src"], [".cs", ".py"]), .. Repository.Files(["infra"], ["", ".sh", ".py"]), .. Repository.Files(["tests/Contracts.Tests", "tests/Foundation.Tests/Bus"], [".cs"]), new SourceFile("eventml", Repository.Text("eventml"))],
            Repository.Text("docs/settings.md")).ShouldBeEmpty();

    [Fact]
    public void Setting_is_named_when_only_code_or_list_knows_it() =>
        SettingRules.NotListed([new SourceFile("f", $"Get(\"{Prefix}NEW\") {Prefix}OLD ${{{Prefix}BOTH:-1}}")], $"`{Prefix}BOTH` `{Prefix}GONE`")
            .ShouldBe([$"{Prefix}NEW is read, but not listed", $"{Prefix}OLD is read, but not listed", $"{Prefix}GONE is listed, but not read"]);

    private const string Prefix = "EVENTML_";
}
