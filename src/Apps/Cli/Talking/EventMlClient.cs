using System.Net.Http.Headers;
using System.Net.Mime;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EventMl.Cli.Talking;

/// <summary>What the server answered: the body as it came, and the token of the next page if there is one.</summary>
internal sealed record ServerReply(string Body, JsonElement Json, string? NextPageToken);

/// <summary>The platform's REST API: requests, paging, and errors as exceptions that say what to do.</summary>
internal sealed class EventMlClient : IDisposable
{
    private const int PageSize = 200;
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(100);
    private readonly HttpClient _http;
    private readonly TimeProvider _clock;

    public EventMlClient(Uri address, TimeProvider clock, string? key = null)
    {
        Address = address;
        _clock = clock;
        // A proxy named in the environment cannot reach this machine's loopback.
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = !address.IsLoopback, AllowAutoRedirect = key is null })
        {
            BaseAddress = new Uri(address.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/api/v1/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        // A redirect to another server would take the key there.
        _http.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("eventml-cli", Version));
    }

    public static string Version { get; } = typeof(EventMlClient).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    public Uri Address { get; }

    /// <summary>The moment that reads ask about; the present when null.</summary>
    public string? AsOf { get; init; }

    /// <summary>Joins path parts, each escaped; a part may hold any character but is never <c>.</c> or <c>..</c>.</summary>
    public static string Path(params IEnumerable<string> parts) => string.Join('/', parts.Select(Uri.EscapeDataString));

    public Task<ServerReply> GetAsync(string path, CancellationToken cancel) => SendAsync(HttpMethod.Get, path, null, cancel);

    /// <summary>The same for what reads a whole ledger: however long the answer takes.</summary>
    public Task<ServerReply> GetSlowlyAsync(string path, CancellationToken cancel) => SendAsync(HttpMethod.Get, path, null, cancel, Timeout.InfiniteTimeSpan);

    public Task<ServerReply> DeleteAsync(string path, CancellationToken cancel) => SendAsync(HttpMethod.Delete, path, null, cancel);

    public Task<ServerReply> PostAsync(string path, JsonObject body, CancellationToken cancel) => SendAsync(HttpMethod.Post, path, body, cancel);

    /// <summary>Every row of a list, at most <paramref name="limit"/>; a list of one page keeps the server's very text.</summary>
    public async Task<ServerReply> ListAsync(string path, int? limit, CancellationToken cancel)
    {
        var rows = new List<JsonElement>();
        var join = path.Contains('?') ? '&' : '?';
        string? token = null;
        while (true)
        {
            var size = Math.Min(PageSize, (limit ?? int.MaxValue) - rows.Count);
            var query = $"{path}{join}limit={size}" + (token is null ? "" : $"&page_token={Uri.EscapeDataString(token)}");
            var page = await GetAsync(query, cancel);
            if (page.Json.ValueKind != JsonValueKind.Array)
                throw NotOurs($"a list was expected at {path}");
            if (token is null && page.NextPageToken is null && (limit is null || page.Json.GetArrayLength() <= limit))
                return page;
            rows.AddRange(page.Json.EnumerateArray().Take(size));
            if (page.NextPageToken is null || page.NextPageToken == token || rows.Count >= limit)
                return Joined(rows);
            token = page.NextPageToken;
        }
    }

    /// <summary>One list made of several.</summary>
    public static ServerReply Joined(IEnumerable<JsonElement> rows)
    {
        var body = $"[{string.Join(',', rows.Select(row => row.GetRawText()))}]";
        return new ServerReply(body, JsonElement.Parse(body), null);
    }

    /// <summary>Copies a text the server may go on writing, piece by piece as it comes.</summary>
    public async Task CopyTextAsync(string path, TextWriter to, CancellationToken cancel)
    {
        try
        {
            using var reply = await AnswerAsync(new HttpRequestMessage(HttpMethod.Get, path), cancel);
            using var reader = new StreamReader(await reply.Content.ReadAsStreamAsync(cancel), Encoding.UTF8);
            var buffer = new char[8192];
            for (int read; (read = await reader.ReadAsync(buffer, cancel)) > 0;)
            {
                await to.WriteAsync(buffer.AsMemory(0, read), cancel);
                await to.FlushAsync(cancel);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new UnreachableException(Address, Innermost(e), e);
        }
    }

    /// <summary>Copies a file of any size.</summary>
    public async Task CopyAsync(string path, Stream to, CancellationToken cancel)
    {
        try
        {
            using var reply = await AnswerAsync(new HttpRequestMessage(HttpMethod.Get, At(HttpMethod.Get, path)), cancel);
            await reply.Content.CopyToAsync(to, cancel);
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException)
        {
            throw new UnreachableException(Address, Innermost(e), e);
        }
    }

    /// <summary>Sends a file of any size.</summary>
    public async Task<ServerReply> SendFileAsync(string path, Stream file, CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, At(HttpMethod.Post, path)) { Content = new StreamContent(file) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(MediaTypeNames.Application.Octet);
            using var reply = await AnswerAsync(request, cancel);
            var text = await reply.Content.ReadAsStringAsync(cancel);
            return new ServerReply(text, Parsed(text), null);
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException)
        {
            throw new UnreachableException(Address, Innermost(e), e);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<ServerReply> SendAsync(HttpMethod method, string path, JsonObject? body, CancellationToken cancel, TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? AnswerLimit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            using var request = new HttpRequestMessage(method, At(method, path));
            if (body is not null)
                request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, MediaTypeNames.Application.Json);
            using var reply = await AnswerAsync(request, either.Token);
            var text = await reply.Content.ReadAsStringAsync(either.Token);
            var next = reply.Headers.TryGetValues("X-Next-Page-Token", out var tokens) ? tokens.FirstOrDefault(t => t.Length > 0) : null;
            return new ServerReply(text, text.Length == 0 ? default : Parsed(text), next);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new UnreachableException(Address, Innermost(e), e);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new UnreachableException(Address, $"no answer within {AnswerLimit.TotalSeconds:0} seconds", e);
        }
    }

    private string At(HttpMethod method, string path) =>
        AsOf is null ? path
        : method != HttpMethod.Get ? throw new UsageException("--as-of is for looking; the past cannot be changed. Leave it out.")
        : $"{path}{(path.Contains('?') ? '&' : '?')}as_of={Uri.EscapeDataString(AsOf)}";

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        var reply = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        if (reply.IsSuccessStatusCode)
            return reply;
        using (reply)
        {
            var status = (int)reply.StatusCode;
            var (code, message) = Error(await reply.Content.ReadAsStringAsync(cancel));
            throw new RefusedException(status, code ?? $"HTTP_{status}", message ?? $"{Address.OriginalString} answered {status} {reply.ReasonPhrase}".TrimEnd());
        }
    }

    private static (string? Code, string? Message) Error(string body)
    {
        try
        {
            var error = JsonElement.Parse(body).Member("error");
            return error.ValueKind == JsonValueKind.Object ? (error.Text("code"), error.Text("message")) : default;
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private JsonElement Parsed(string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            throw NotOurs("the answer is not JSON");
        }
    }

    private RefusedException NotOurs(string what) =>
        new(200, "UNEXPECTED_ANSWER", $"{what}. Is {Address.OriginalString} an EventMl server? Give its address with --url or EVENTML_URL.");

    private static string Innermost(Exception e) => e.GetBaseException().Message.TrimEnd('.');
}
