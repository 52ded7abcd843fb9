using EventMl.Lake.Formats;
using EventMl.Sdk;

namespace EventMl.Host.Jobs;

/// <summary>The built-in reader of the MNIST family's files: a folder of IDX in, Arrow files out.</summary>
internal static class IngestJob
{
    public static Task<int> RunAsync() => Script.RunAsync(job =>
    {
        var stats = IdxDataset.WriteArrow(
            job.InputPath, job.OutputPath, new IdxArrowOptions { Classes = job.Parameters.WholeNumber("classes", 10) }, new RecordReporter(job), job.CancellationToken);
        return Task.FromResult<object?>(new { total_records = stats.TotalRecords, train_records = stats.TrainRecords, test_records = stats.TestRecords });
    });

    private sealed class RecordReporter(ScriptJob job) : IProgress<IdxProgress>
    {
        public void Report(IdxProgress value) => job.Progress(value.Records, value.TotalRecords, $"{value.Records} of {value.TotalRecords} records");
    }
}
