using EventMl.Bench;
using EventMl.Bench.Arrow;

// Measures side by side with peers: ./eventml bench [AREA] [--json]
var areas = args.Where(a => a != "--json").ToArray();
var benches = new Dictionary<string, Func<Action<string>, Task>>(StringComparer.Ordinal)
{
    ["arrow"] = ArrowBench.RunAsync,
    ["bus"] = async say =>
    {
        await BusLatency.RunAsync(say);
        await CommandLatency.RunAsync(say);
        await BusThroughput.RunAsync(say);
    },
    ["ledger"] = LedgerBench.RunAsync,
    ["training"] = TrainingComparison.RunAsync,
};
if (areas.Length > 1 || areas.Except(benches.Keys, StringComparer.Ordinal).Any())
{
    Console.Error.WriteLine($"usage: ./eventml bench [{string.Join('|', benches.Keys)}] [--json]");
    return 2;
}

var json = args.Contains("--json", StringComparer.Ordinal);
var goals = new List<Goal>();
foreach (var (area, run) in benches.Where(b => areas.Length == 0 || areas[0] == b.Key))
{
    Console.Error.WriteLine($"measuring {area} …");
    await run(line =>
    {
        if (Goal.Parse(line) is { } goal)
        {
            goals.Add(goal);
        }

        if (!json)
        {
            Console.WriteLine(line);
        }
    });
}

if (json)
{
    Console.WriteLine(Goal.Json(goals));
}

return 0;
