using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EventMl.Jobs.Scripts;
using EventMl.Testing;

namespace EventMl.Services.Tests.Jobs;

/// <summary>The ingest job as a process of its own, fed through a pipe.</summary>
public sealed class IngestMemoryTests
{
    private const long MaxResidentBytes = 500L << 20;

    [Fact]
    public Task Memory_is_bounded_when_a_file_of_200_MB_is_ingested() => IngestAsync(200L << 20);

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [Trait("Category", "Deep")]
    public Task Memory_is_bounded_when_gigabytes_are_ingested(int gigabytes) => IngestAsync((long)gigabytes << 30);

    private static async Task IngestAsync(long bytes)
    {
        var folder = Directory.CreateTempSubdirectory("eventml-ingest-").FullName;
        try
        {
            var pipe = Path.Combine(folder, "in.csv");
            using (var made = Process.Start("mkfifo", pipe))
            {
                await made.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            Directory.CreateDirectory(Path.Combine(folder, "out"));
            var start = new ProcessStartInfo(ScriptCommandFactory.DotnetPath) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
            foreach (var argument in (string[])[Path.Combine(TestServers.RepositoryRoot, "artifacts", "bin", "EventMl.Host", "debug", "EventMl.Host.dll"), "job", "ingest"])
            {
                start.ArgumentList.Add(argument);
            }

            using var job = Process.Start(start)!;
            await job.StandardInput.WriteLineAsync(JsonSerializer.Serialize(new
            {
                protocol = 1, task_id = "ingest-1", attempt = 1, input_path = pipe, output_path = Path.Combine(folder, "out"), checkpoint_path = folder, work_path = folder,
                @params = new { split = new { keys = new[] { "id" } } }, extra = new { source = "csv", known_types = new { } },
            }));
            await job.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
            var feeding = Task.Run(() => Feed(pipe, bytes), TestContext.Current.CancellationToken);
            var (peak, last) = (0L, "");
            while (await job.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            {
                last = line;
                peak = Math.Max(peak, PeakResident(job.Id));
            }

            await job.WaitForExitAsync(TestContext.Current.CancellationToken);
            var rows = await feeding;
            last.ShouldContain($"\"total_records\":{rows}");
            peak.ShouldBeInRange(1 << 20, MaxResidentBytes);
            TestContext.Current.TestOutputHelper?.WriteLine($"{rows} rows, peak {peak >> 20} MiB");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static long Feed(string pipe, long bytes)
    {
        var rows = 0L;
        using var output = new FileStream(pipe, FileMode.Open, FileAccess.Write);
        output.Write("id,price,word,day\n"u8);
        var text = new StringBuilder();
        for (var written = 0L; written < bytes;)
        {
            text.Clear();
            for (var i = 0; i < 10_000; i++, rows++)
            {
                text.Append(rows).Append(',').Append(rows % 100_000 / 100.0).Append(",word number ").Append(rows % 977).Append(",2024-01-").Append(CultureInfo.InvariantCulture, $"{1 + (rows % 28):D2}").Append('\n');
            }

            var block = Encoding.ASCII.GetBytes(text.ToString());
            output.Write(block);
            written += block.Length;
        }

        return rows;
    }

    private static long PeakResident(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
        }
        catch (IOException)
        {
            // It has just ended; what it used was seen before.
            return 0;
        }
    }
}
