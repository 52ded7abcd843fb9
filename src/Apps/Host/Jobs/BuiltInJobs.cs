namespace EventMl.Host.Jobs;

/// <summary>The platform's own jobs, each in a child process that speaks the script protocol.</summary>
internal static class BuiltInJobs
{
    public static Task<int> RunAsync(string kind) => kind switch
    {
        "ingest" => IngestJob.RunAsync(),
        "train" => TrainJob.RunAsync(),
        "evaluate" => EvaluateJob.RunAsync(),
        _ => UnknownAsync(kind),
    };

    private static async Task<int> UnknownAsync(string kind)
    {
        await Console.Error.WriteLineAsync($"There is no built-in job '{kind}'; the jobs are ingest, train and evaluate.");
        return 2;
    }
}
