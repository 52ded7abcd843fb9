using System.Text.Json;
using EventMl.Arrow;
using EventMl.Data;
using EventMl.Data.Sources;
using EventMl.Data.Sources.Text;
using EventMl.Data.Splitting;
using EventMl.Lake.Formats;
using EventMl.Sdk;

namespace EventMl.Host.Jobs;

/// <summary>The built-in readers: raw data in, Arrow files out, bad rows in <c>quarantine/</c> beside them.</summary>
internal static class IngestJob
{
    public static Task<int> RunAsync() => Script.RunAsync(job =>
    {
        var extra = job.Extra.Json.Deserialize<IngestExtra>(IngestExtra.Json)!;
        var request = SourceRequest.Parse(extra.Source, job.Parameters.Json);
        return Task.FromResult<object?>(request.Source == SourceRequest.Idx ? ReadIdx(job, request) : ReadRows(job, request, extra));
    });

    private static object ReadIdx(ScriptJob job, SourceRequest request)
    {
        var stats = IdxDataset.WriteArrow(
            job.InputPath, job.OutputPath, new IdxArrowOptions { Classes = request.Classes }, new RecordReporter(job), job.CancellationToken);
        return new { total_records = stats.TotalRecords, train_records = stats.TrainRecords, test_records = stats.TestRecords };
    }

    private static Dictionary<string, object> ReadRows(ScriptJob job, SourceRequest request, IngestExtra extra)
    {
        using var quarantine = new Quarantine(Path.Combine(job.OutputPath, "quarantine"), job.TaskId, request.BadRows);
        var known = extra.KnownTypes.Select(t => (t.Key, Type: TypeNames.TryParse(t.Value))).Where(t => t.Type is not null).ToDictionary(t => t.Key, t => t.Type!, StringComparer.Ordinal);
        using var source = request.Open(new SourceContext(job.InputPath, extra.ConnectionString, known, quarantine));
        var split = request.Split is { } options ? new SplitStage(options) : null;
        IBatchStage[] stages = split is null ? [] : [split];
        var rows = new IngestPipeline(source, stages).Run(job.OutputPath, (count, at) => job.Progress(at.Done, at.Total, $"{count} rows"), job.CancellationToken);
        quarantine.Complete(rows);
        var stats = new Dictionary<string, object>(StringComparer.Ordinal) { ["total_records"] = rows, ["bad_records"] = quarantine.Count };
        foreach (var (side, members) in split?.Counts ?? new Dictionary<string, long>(StringComparer.Ordinal))
        {
            stats[$"{side}_records"] = members;
        }

        return stats;
    }

    private sealed class RecordReporter(ScriptJob job) : IProgress<IdxProgress>
    {
        public void Report(IdxProgress value) => job.Progress(value.Records, value.TotalRecords, $"{value.Records} of {value.TotalRecords} records");
    }
}
