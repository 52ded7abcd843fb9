using EventMl.Bench;
using EventMl.Bench.Arrow;
using EventMl.Bench.Lake;
using EventMl.Bench.Vectors;

// Measures side by side with peers: ./eventml bench [AREA | AREA.NAME] [--json]
var areas = args.Where(a => a != "--json").ToArray();
var benches = new Dictionary<string, Func<Action<string>, Task>>(StringComparer.Ordinal)
{
    ["arrow"] = ArrowBench.RunAsync,
    ["bus.latency"] = BusLatency.RunAsync,
    ["bus.command"] = CommandLatency.RunAsync,
    ["bus.relay"] = BusThroughput.RelayAsync,
    ["bus.inbox"] = BusThroughput.InboxAsync,
    ["bus.saga"] = BusThroughput.SagaAsync,
    ["bus.one_saga"] = BusThroughput.OneSagaAsync,
    ["lake.scan"] = LakeBench.ScanAsync,
    ["lake.write"] = LakeBench.WriteAsync,
    ["lake.first_batch"] = LakeBench.FirstBatchAsync,
    ["ledger.append"] = LedgerBench.AppendAsync,
    ["ledger.shared"] = LedgerBench.ShareFlushesAsync,
    ["ledger.views"] = LedgerBench.ViewsAsync,
    ["training"] = TrainingComparison.RunAsync,
    ["vectors"] = VectorBench.RunAsync,
};
var wanted = benches.Where(b => areas.All(a => a == b.Key || b.Key.StartsWith(a + '.', StringComparison.Ordinal))).ToArray();
if (areas.Length > 1 || wanted.Length == 0)
{
    Console.Error.WriteLine($"usage: ./eventml bench [{string.Join('|', benches.Keys)}] [--json]");
    return 2;
}

var json = args.Contains("--json", StringComparer.Ordinal);
var goals = new List<Goal>();
foreach (var (area, run) in wanted)
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
