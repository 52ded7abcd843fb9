namespace EventMl.Cli;

/// <summary>What the command line sees of the world: where text goes, the environment, the clock.</summary>
internal sealed record Surroundings(TextWriter Out, TextWriter Error, Func<string, string?> Variable, TimeProvider Clock)
{
    public static Surroundings OfThisProcess() =>
        new(Console.Out, Console.Error, Environment.GetEnvironmentVariable, TimeProvider.System);
}
