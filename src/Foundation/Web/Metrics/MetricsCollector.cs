using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace EventMl.Web.Metrics;

/// <summary>Adds up what the process measures, for Prometheus to read.</summary>
public sealed class MetricsCollector : IDisposable
{
    internal static readonly string[] Meters =
        ["EventMl.*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Routing", "System.Runtime", "System.Net.Http", "Npgsql", "MassTransit"];

    private readonly ConcurrentDictionary<Instrument, Family> _families = [];
    private readonly MeterListener _listener = new();
    private readonly Lock _scrape = new();
    private readonly Func<Meter, bool> _accepts;

    /// <summary>Collects the platform's meters and those of its libraries.</summary>
    public MetricsCollector()
        : this(meter => Meters.Any(m => m.EndsWith('*') ? meter.Name.StartsWith(m[..^1], StringComparison.Ordinal) : meter.Name == m))
    {
    }

    internal MetricsCollector(Func<Meter, bool> accepts)
    {
        _accepts = accepts;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (_accepts(instrument.Meter) && Family.For(instrument) is { } family && _families.TryAdd(instrument, family))
            {
                listener.EnableMeasurementEvents(instrument, family);
            }
        };
        _listener.SetMeasurementEventCallback<byte>((_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<short>((_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<float>((_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<decimal>((_, value, tags, family) => Record(family, (double)value, tags));
    }

    /// <summary>Begins to listen.</summary>
    public void Start() => _listener.Start();

    /// <summary>The current values in Prometheus' text format 0.0.4.</summary>
    public string Collect()
    {
        lock (_scrape)
        {
            foreach (var family in _families.Values)
            {
                family.ForgetObserved();
            }

            _listener.RecordObservableInstruments();
            var text = new StringBuilder(16 * 1024);
            // Two meters may have an instrument of one name; Prometheus wants one block each.
            foreach (var group in _families.Values.GroupBy(f => f.Name, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                var first = group.First();
                first.WriteHeader(text);
                foreach (var family in group.Where(f => f.Type == first.Type))
                {
                    family.WriteSeries(text);
                }
            }

            WriteProcess(text);
            return text.ToString();
        }
    }

    /// <inheritdoc />
    public void Dispose() => _listener.Dispose();

    private static void Record(object? family, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) => ((Family)family!).Record(value, tags);

    private static void WriteProcess(StringBuilder text)
    {
        using var process = Process.GetCurrentProcess();
        Write("process_cpu_seconds_total", "counter", process.TotalProcessorTime.TotalSeconds);
        Write("process_resident_memory_bytes", "gauge", process.WorkingSet64);
        Write("process_virtual_memory_bytes", "gauge", process.VirtualMemorySize64);
        Write("process_threads", "gauge", process.Threads.Count);
        Write("process_start_time_seconds", "gauge", new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0);
        if (OperatingSystem.IsLinux())
        {
            Write("process_open_fds", "gauge", Directory.EnumerateFileSystemEntries("/proc/self/fd").Count());
        }

        void Write(string name, string type, double value) =>
            text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n').Append(name).Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
