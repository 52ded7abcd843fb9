using EventMl.Contracts;
using EventMl.EndToEnd.Tests.Hosting;

namespace EventMl.EndToEnd.Tests.Chaos;

/// <summary>One command of the run.</summary>
/// <param name="Id">Its message id.</param>
/// <param name="Area">Area and schema that decides it.</param>
/// <param name="Name">Its exchange without the area, in kebab case.</param>
/// <param name="Body">Plain JSON members.</param>
/// <param name="Always">Whether its decision is an event in every case; otherwise it may also find that nothing is left to decide.</param>
/// <param name="After">The command that must have been handled before: queues know no order among each other.</param>
internal sealed record ChaosCommand(Guid Id, string Area, string Name, object Body, bool Always = true, Guid? After = null)
{
    public string Exchange => $"eventml.{Area}.{Name}";

    /// <summary>The queue, under which the inbox knows it.</summary>
    public string Queue => $"{Area}-{Name}";
}

/// <summary>What is asked of the platform, the same for the same seed: tasks that are left alone or cancelled, models judged, served and deleted, and requests that must be refused.</summary>
internal sealed class ChaosPlan
{
    private const int Models = 6;
    private const int Scraps = 3;
    private readonly Random _random;
    private readonly List<(int Due, ChaosCommand Command)> _later = [];
    private readonly List<ChaosCommand> _commands = [];

    /// <summary>Dataset and model that exist before the run.</summary>
    public const string Dataset = "base", Model = "model-0";

    /// <summary>Plans at least <paramref name="count"/> commands.</summary>
    public ChaosPlan(int seed, int count)
    {
        _random = new Random(seed);
        while (_commands.Count < count)
        {
            foreach (var due in _later.Where(l => l.Due <= _commands.Count).ToArray())
            {
                _later.Remove(due);
                _commands.Add(due.Command);
            }

            _commands.AddRange(Next());
        }

        _commands.AddRange(_later.Select(l => l.Command));
    }

    /// <summary>In the order in which they are sent.</summary>
    public IReadOnlyList<ChaosCommand> Commands => _commands;

    /// <summary>A training that nobody cancels, to keep the platform busy.</summary>
    public ChaosCommand Training() => Train(NewName("train"), Dataset, $"model-{_random.Next(Models)}");

    private IEnumerable<ChaosCommand> Next() => _random.Next(100) switch
    {
        < 22 => [Cancelled(Train(NewName("train"), Dataset, $"model-{_random.Next(Models)}"), "cancel-training")],
        < 24 => [Train(NewName("train"), Scrap("data"), Scrap("gone"))],
        < 35 => [Cancelled(Ingest(Dataset), "cancel-ingestion")],
        < 37 => [Ingest(Scrap("data"))],
        < 57 => [New("models", "promote-model", new { model = $"model-{_random.Next(Models)}" }, always: false)],
        < 59 => [New("models", "evaluate-model", new { model = $"model-{_random.Next(Models)}" }, always: false)],
        < 69 => [Serve()],
        < 71 => [New("models", "delete-model", new { model = Scrap("gone") })],
        < 73 => [New("datasets", "delete-dataset", new { dataset = Scrap("data") })],
        < 79 => [Train(NewName("train"), "no-such-dataset", Model)],
        < 85 => [New("training", "cancel-training", new { taskId = NewName("train") })],
        < 91 => [New("datasets", "request-ingestion", new { name = NewName("in"), input = "no-such-folder", output = Dataset, source = "idx" })],
        < 95 => [New("serving", "create-inference-service", new { name = NewName("svc"), model = "no-such-model" })],
        _ => [New("models", "promote-model", new { model = "no-such-model" })],
    };

    private ChaosCommand Train(string taskId, string input, string output) =>
        New("training", "request-training", new { taskId, name = taskId, input, output, model = Rest.Mlp, @params = new { epochs = 1, threads = 1 } });

    private ChaosCommand Ingest(string output)
    {
        var taskId = NewName("ingest");
        return New("datasets", "request-ingestion", new { taskId, name = taskId, input = "small", output, source = "idx" });
    }

    // A service takes a listener and a model's memory for as long as it exists, so each is deleted soon.
    private ChaosCommand Serve()
    {
        var serviceId = NewName("serve");
        return Later(New("serving", "create-inference-service", new { serviceId, name = serviceId, model = Model }), "delete-inference-service", new { serviceId });
    }

    // Cancelled before it began, while it runs, or after it ended.
    private ChaosCommand Cancelled(ChaosCommand request, string cancel) =>
        Later(request, cancel, new { taskId = request.Body.GetType().GetProperty("taskId")!.GetValue(request.Body) });

    private ChaosCommand Later(ChaosCommand request, string name, object body)
    {
        _later.Add((_commands.Count + 1 + _random.Next(60), New(request.Area, name, body) with { After = request.Id }));
        return request;
    }

    private string Scrap(string name) => $"{name}-{_random.Next(Scraps)}";

    private string NewName(string prefix) => $"{prefix}-{Ids.Derive("chaos", $"{_random.NextInt64()}"):N}";

    private ChaosCommand New(string area, string name, object body, bool always = true) => new(Ids.Derive("chaos", $"{_random.NextInt64()}"), area, name, body, always);
}
