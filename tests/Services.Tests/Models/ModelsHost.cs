using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using EventMl.Audit;
using EventMl.Bus;
using EventMl.Contracts;
using EventMl.EventStore;
using EventMl.EventStore.Proof;
using EventMl.Host.Hosting;
using EventMl.Jobs;
using EventMl.Jobs.Scripts;
using EventMl.Lake;
using EventMl.Models;
using EventMl.Testing;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EventMl.Services.Tests.Models;

/// <summary>A process with the models and audit areas on a database, a lake and a port of its own.</summary>
internal sealed class ModelsHost : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TestDatabase _database;
    private readonly WebApplication _app;
    private readonly string _folder;

    private ModelsHost(TestDatabase database, WebApplication app, string folder)
    {
        (_database, _app, _folder) = (database, app, folder);
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Client { get; }

    public Ledger Ledger => _app.Services.GetRequiredService<Ledger>();

    public CommandDoor Door => _app.Services.GetRequiredService<CommandDoor>();

    public LakeStore Lake => _app.Services.GetRequiredService<LakeStore>();

    public string PolicyPath => Path.Combine(_folder, "promotion.yaml");

    public static DoorCall Call => new() { Grant = Grant.Platform, Actor = "ann", Door = Doors.Rest };

    /// <summary>Public key of the ledger.</summary>
    public string PublicKeyPath => LedgerKey.PublicPath(KeyPath(_folder));

    /// <summary>Files of the test's own.</summary>
    public string Folder => _folder;

    /// <param name="anchorAfter">How long an event waits for its anchor.</param>
    public static async Task<ModelsHost> StartAsync(TimeSpan? anchorAfter = null)
    {
        var database = await TestDatabase.CreateAsync();
        var folder = Directory.CreateTempSubdirectory("eventml-models-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "promotion.yaml"), Given.Policy);
        var ledger = new LedgerOptions { ConnectionString = database.ConnectionString };
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.AddEventMlWeb(new WebOptions { Urls = ["http://127.0.0.1:0"] });
        builder.Services.AddLedger(ledger).AddLedgerLeader()
            .AddModels(new ModelsOptions { PolicyPath = Path.Combine(folder, "promotion.yaml") }, new JobRunnerOptions())
            .AddAudit(new NotaryOptions { KeyPath = KeyPath(folder), AnchorInterval = anchorAfter ?? TimeSpan.FromMinutes(1), PollInterval = TimeSpan.FromMilliseconds(50) })
            .AddSingleton(new LakeStore(new LakeOptions { Root = Path.Combine(folder, "lake") }))
            .AddScripts(new ScriptOptions { StatePath = folder }, typeof(PlatformHost).Assembly.Location);
        var bus = builder.Services.AddEventMlBus(new BusOptions { Transport = "memory" }, b => b.AddModelsCommands());
        var app = builder.Build();
        app.UseEventMlWeb();
        var api = app.MapGroup("/api/v1");
        api.MapModels();
        api.MapAudit();
        var source = app.Services.GetRequiredService<NpgsqlDataSource>();
        await LedgerSchema.DeclareAsync(source, ledger, app.Services.GetServices<IInlineView>(), [ModelsModule.Owner, AuditModule.Owner]);
        await BusSchema.DeclareAsync(source, bus.Areas);
        foreach (var sql in ModelsModule.CreateSql(app.Services))
        {
            await using var create = source.CreateCommand(sql);
            await create.ExecuteNonQueryAsync();
        }

        await app.StartAsync();
        return new ModelsHost(database, app, folder);
    }

    public async Task<CommandResult> SendAsync<T>(T command)
        where T : class => await Door.ExecuteAsync(command, Call);

    public Task AppendAsync(string streamId, long expectedVersion, params object[] events) => Ledger.InTransactionAsync(t =>
        t.AppendAsync(streamId, streamId[..streamId.IndexOf('-', StringComparison.Ordinal)], expectedVersion, events, new EventMetadata("ann", "rest", "c", "c", null)));

    public async Task<JsonElement> GetAsync(string path, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var response = await Client.GetAsync(path);
        return await ReadAsync(response, status);
    }

    public async Task<JsonElement> PostAsync(string path, object? body = null, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var response = body is null ? await Client.PostAsync(path, null) : await Client.PostAsJsonAsync(path, body);
        return await ReadAsync(response, status);
    }

    public async Task<JsonElement> UntilAsync(string path, Func<JsonElement, bool> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            using var response = await Client.GetAsync(path, limit.Token);
            var answer = await response.Content.ReadFromJsonAsync<JsonElement>(limit.Token);
            if (response.IsSuccessStatusCode && condition(answer))
            {
                return answer;
            }

            await tick.WaitForNextTickAsync(limit.Token);
        }
    }

    public static string Code(JsonElement error) => error.GetProperty("error").GetProperty("code").GetString()!;

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static string KeyPath(string folder) => Path.Combine(folder, "keys", "ledger.pem");

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        var text = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(status, text);
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }
}
