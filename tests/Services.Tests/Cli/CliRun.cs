using EventMl.Cli;

namespace EventMl.Services.Tests.Cli;

/// <summary>What one run of the command line answered.</summary>
internal sealed record CliRun(int ExitCode, string Out, string Error)
{
    public static Task<CliRun> AgainstAsync(RestServer server, params string[] args) => RunAsync(_ => null, ["--url", server.Url, .. args]);

    public static async Task<CliRun> RunAsync(Func<string, string?> variable, string[] args, CancellationToken? cancel = null)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await new CommandLine(new Surroundings(output, error, variable, TimeProvider.System))
            .RunAsync(args, cancel ?? TestContext.Current.CancellationToken);
        return new CliRun(code, output.ToString(), error.ToString());
    }
}
