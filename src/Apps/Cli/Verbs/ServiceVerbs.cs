using System.CommandLine;
using System.Text.Json.Nodes;
using EventMl.Cli.Talking;

namespace EventMl.Cli.Verbs;

internal static class ServiceVerbs
{
    private const string Resource = "inference-services";
    private static readonly Argument<string> Id = GlobalOptions.Name("ID", "Id of the service: serve-….");
    private static readonly Option<string> Name = GlobalOptions.Required("--name", "NAME", "Name of the service.");
    private static readonly Option<string> Model = GlobalOptions.Required("--model", "MODEL", "Model to serve: a name (its champion, else its latest version) or name@version.");
    private static readonly Option<int?> Port = PortOption();
    private static readonly Option<string> Device = DeviceOption();

    private static readonly Argument<string[]> Images = new("image")
    {
        HelpName = "IMAGE",
        Description = "Files to predict: a PNG, or the raw bytes the model takes.",
        Arity = ArgumentArity.OneOrMore,
    };

    public static Command Build(CommandLine cli) => new("services", "Inference services.")
    {
        cli.Verb("list", "List the services.", ListAsync, GlobalOptions.Limit),
        cli.Verb("create", "Serve a model.", CreateAsync, Name, Model, Port, Device),
        cli.Verb("show", "Show a service.", ShowAsync, Id),
        cli.Verb("delete", "Stop and remove a service.", DeleteAsync, Id),
        cli.Verb("predict", "Ask a service what it sees in images.", PredictAsync, Id, Images),
    };

    private static async Task<int> ListAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.ListAsync(Resource, run.Get(GlobalOptions.Limit), cancel);
        run.Output.Reply(reply, rows => run.Output.Rows(
            rows.Rows(), "No services yet; eventml services create makes one.",
            Column.Of("id", "id"), Column.Of("name", "name"), Column.Of("model", "model"), Column.Of("device", "device"),
            Column.Of("status", "status"), Column.Of("endpoint", "endpoint"), new("created", row => row.Time("created_at"))));
        return ExitCodes.Ok;
    }

    private static async Task<int> CreateAsync(Invocation run, CancellationToken cancel)
    {
        var body = new JsonObject { ["name"] = run.Get(Name), ["model"] = run.Get(Model), ["device"] = run.Get(Device) };
        if (run.Get(Port) is { } port)
            body["port"] = port;
        return Show(run, await run.Server.PostAsync(Resource, body, cancel));
    }

    private static async Task<int> ShowAsync(Invocation run, CancellationToken cancel) =>
        Show(run, await run.Server.GetAsync(EventMlClient.Path(Resource, run.Get(Id)), cancel));

    private static async Task<int> DeleteAsync(Invocation run, CancellationToken cancel)
    {
        var reply = await run.Server.DeleteAsync(EventMlClient.Path(Resource, run.Get(Id)), cancel);
        run.Output.Reply(reply, _ => run.Output.Line($"Service {run.Get(Id)} is deleted."));
        return ExitCodes.Ok;
    }

    private static async Task<int> PredictAsync(Invocation run, CancellationToken cancel)
    {
        // All files are read first, so that a misspelt name costs no request.
        var images = run.Get(Images).Select(file => (File: file, Bytes: ReadImage(file))).ToArray();
        var answers = new List<(string File, ServerReply Reply)>();
        foreach (var (file, bytes) in images)
        {
            var body = new JsonObject { ["image"] = Convert.ToBase64String(bytes) };
            var reply = await run.Server.PostAsync(EventMlClient.Path(Resource, run.Get(Id), "predict"), body, cancel);
            if (run.Output.IsJson)
                run.Output.Reply(reply, _ => { });
            answers.Add((file, reply));
        }
        if (!run.Output.IsJson)
            run.Output.Table(answers, ("image", a => a.File), ("prediction", a => a.Reply.Json.Text("prediction")), ("confidence", a => a.Reply.Json.Text("confidence")));
        return ExitCodes.Ok;
    }

    private static int Show(Invocation run, ServerReply reply)
    {
        run.Output.Reply(reply, service => run.Output.Fields(
            ("id", service.Text("id")), ("name", service.Text("name")), ("model", service.Text("model")), ("status", service.Text("status")),
            ("device", service.Text("device")), ("endpoint", service.Text("endpoint")), ("created", service.Time("created_at")), ("error", service.Text("error"))));
        return ExitCodes.Ok;
    }

    private static byte[] ReadImage(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The image cannot be read: {e.Message}");
        }
    }

    private static Option<int?> PortOption() => new("--port")
    {
        HelpName = "PORT",
        Description = "TCP port of the endpoint; a free one when absent.",
        Validators =
        {
            result =>
            {
                if (result.Tokens is [var token] && (!int.TryParse(token.Value, out var port) || port is < 0 or > 65535))
                    result.AddError($"--port takes a number from 0 to 65535, not '{token.Value}'.");
            },
        },
    };

    private static Option<string> DeviceOption()
    {
        var device = new Option<string>("--device") { HelpName = "cpu|cuda|auto", Description = "Where the model runs.", DefaultValueFactory = _ => "cpu" };
        device.AcceptOnlyFromAmong("cpu", "cuda", "auto");
        return device;
    }
}
