using System.Globalization;

namespace EventMl.Jobs.Scripts;

/// <summary>Which processor cores a run gets, one run beside the other.</summary>
internal static class Cores
{
    private static int _next = -1;

    /// <summary>A list for <c>taskset</c>; null when nothing has to be limited.</summary>
    public static string? Choose(long? count)
    {
        var allowed = Allowed();
        if (count is not { } wanted || wanted >= allowed.Count)
        {
            return null;
        }

        var first = (uint)Interlocked.Add(ref _next, (int)wanted);
        return string.Join(',', Enumerable.Range(0, (int)wanted).Select(i => allowed[(int)((first + i) % allowed.Count)]));
    }

    // A container or a service manager may have left this process only some of the machine's.
    private static List<int> Allowed()
    {
        const string Label = "Cpus_allowed_list:";
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(Label, StringComparison.Ordinal));
        return [.. line[Label.Length..].Trim().Split(',').SelectMany(part =>
        {
            var ends = part.Split('-').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray();
            return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1);
        })];
    }
}
