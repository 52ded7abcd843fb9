using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

namespace EventMl.Testing;

/// <summary>
/// The part of S3 that the lake uses, in memory behind real HTTP, with <c>If-None-Match: *</c> honoured exactly as Amazon's does; signatures are not
/// checked. It counts what it is asked, and can lose the answer to a conditional PUT.
/// </summary>
public sealed class ConditionalS3Server : IDisposable
{
    private static readonly XNamespace s_xml = "http://s3.amazonaws.com/doc/2006-03-01/";
    private readonly HttpListener _listener = new();
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Stored> _objects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedDictionary<int, byte[]>> _uploads = new(StringComparer.Ordinal);
    private int _lostAnswers;
    private long _bytesSent;
    private long _bytesReceived;
    private int _uploadsDone;

    /// <summary>Starts to listen on a free port of this machine.</summary>
    public ConditionalS3Server()
    {
        for (var attempt = 1; ; attempt++)
        {
            using (var free = new TcpListener(IPAddress.Loopback, 0))
            {
                free.Start();
                Address = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
            }

            _listener.Prefixes.Clear();
            _listener.Prefixes.Add(Address.ToString());
            try
            {
                _listener.Start();
                break;
            }
            catch (HttpListenerException) when (attempt < 10)
            {
                // Somebody took the port in between.
            }
        }

        _ = Task.Run(ServeAsync);
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Bytes of objects sent so far.</summary>
    public long BytesSent => Interlocked.Read(ref _bytesSent);

    /// <summary>Bytes of requests received so far.</summary>
    public long BytesReceived => Interlocked.Read(ref _bytesReceived);

    /// <summary>Uploads in several parts that were completed.</summary>
    public int UploadsDone => _uploadsDone;

    /// <summary>Lets the next conditional PUTs succeed but answers them with an error, as if the network had failed.</summary>
    public void LoseAnswers(int count) => Interlocked.Exchange(ref _lostAnswers, count);

    /// <inheritdoc />
    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                _ = Task.Run(() => AnswerAsync(context));
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            Interlocked.Add(ref _bytesReceived, body.Length);
            var (status, content) = Handle(context, body.ToArray());
            context.Response.StatusCode = status;
            if (context.Request.HttpMethod != "HEAD")
            {
                context.Response.ContentLength64 = content.Length;
                await context.Response.OutputStream.WriteAsync(content);
            }

            context.Response.Close();
        }
        catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException)
        {
            // The client is gone.
        }
    }

    private (int Status, byte[] Content) Handle(HttpListenerContext context, byte[] body)
    {
        var query = context.Request.QueryString;
        var path = Uri.UnescapeDataString(context.Request.Url!.AbsolutePath).TrimStart('/');
        var key = path.Contains('/', StringComparison.Ordinal) ? path[(path.IndexOf('/', StringComparison.Ordinal) + 1)..] : "";
        lock (_lock)
        {
            return context.Request.HttpMethod switch
            {
                "GET" when key.Length == 0 => List(query["prefix"] ?? "", query["delimiter"], query["continuation-token"]),
                "GET" or "HEAD" => Get(context, key),
                "PUT" when query["uploadId"] is { } upload => PutPart(context, upload, int.Parse(query["partNumber"]!, CultureInfo.InvariantCulture), body),
                "PUT" => Put(context, key, body),
                "DELETE" when query["uploadId"] is { } upload => Done(_uploads.Remove(upload)),
                "DELETE" => Done(_objects.Remove(key)),
                "POST" when query["uploadId"] is { } upload => Complete(key, upload),
                "POST" => Begin(key),
                _ => Error(405, "MethodNotAllowed"),
            };
        }
    }

    private (int, byte[]) Get(HttpListenerContext context, string key)
    {
        if (!_objects.TryGetValue(key, out var found))
            return Error(404, "NoSuchKey");
        var response = context.Response;
        response.Headers["ETag"] = found.Tag;
        response.Headers["Last-Modified"] = found.Modified.ToString("R", CultureInfo.InvariantCulture);
        foreach (var (name, value) in found.Metadata)
            response.Headers[name] = value;
        var content = found.Content;
        if (context.Request.Headers["Range"] is { } range)
        {
            var ends = range["bytes=".Length..].Split('-');
            var (first, last) = (int.Parse(ends[0], CultureInfo.InvariantCulture), Math.Min(int.Parse(ends[1], CultureInfo.InvariantCulture), content.Length - 1));
            content = content[first..(last + 1)];
            response.Headers["Content-Range"] = $"bytes {first}-{last}/{found.Content.Length}";
        }

        Interlocked.Add(ref _bytesSent, content.Length);
        return (context.Request.Headers["Range"] is null ? 200 : 206, content);
    }

    private (int, byte[]) Put(HttpListenerContext context, string key, byte[] body)
    {
        var onlyNew = context.Request.Headers["If-None-Match"] == "*";
        if (onlyNew && _objects.ContainsKey(key))
            return Error(412, "PreconditionFailed");
        var metadata = context.Request.Headers.AllKeys.OfType<string>().Where(n => n.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase)).ToDictionary(n => n, n => context.Request.Headers[n]!);
        var stored = Store(key, body, metadata);
        if (onlyNew && Interlocked.Decrement(ref _lostAnswers) >= 0)
            return Error(503, "SlowDown");
        context.Response.Headers["ETag"] = stored.Tag;
        return (200, []);
    }

    private (int, byte[]) Begin(string key)
    {
        var upload = Convert.ToHexString(RandomNumberGenerator.GetBytes(8));
        _uploads[upload] = [];
        return Xml(new XElement(s_xml + "InitiateMultipartUploadResult", new XElement(s_xml + "Key", key), new XElement(s_xml + "UploadId", upload)));
    }

    private (int, byte[]) PutPart(HttpListenerContext context, string upload, int number, byte[] body)
    {
        _uploads[upload][number] = body;
        context.Response.Headers["ETag"] = $"\"{Tag(body)}\"";
        return (200, []);
    }

    private (int, byte[]) Complete(string key, string upload)
    {
        var stored = Store(key, [.. _uploads[upload].Values.SelectMany(p => p)], [], $"-{_uploads[upload].Count}");
        _uploads.Remove(upload);
        _uploadsDone++;
        return Xml(new XElement(s_xml + "CompleteMultipartUploadResult", new XElement(s_xml + "Key", key), new XElement(s_xml + "ETag", stored.Tag)));
    }

    private (int, byte[]) List(string prefix, string? delimiter, string? token)
    {
        const int page = 50;
        var folders = new SortedSet<string>(StringComparer.Ordinal);
        var found = new List<XElement>();
        string? next = null;
        foreach (var (key, stored) in _objects)
        {
            if (!key.StartsWith(prefix, StringComparison.Ordinal) || (token is not null && string.CompareOrdinal(key, token) <= 0))
                continue;
            if (delimiter is not null && key.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal) is >= 0 and var end)
            {
                folders.Add(key[..(end + 1)]);
                continue;
            }

            if (found.Count == page)
            {
                next = found[^1].Element(s_xml + "Key")!.Value;
                break;
            }

            found.Add(new XElement(
                s_xml + "Contents", new XElement(s_xml + "Key", key), new XElement(s_xml + "LastModified", stored.Modified.ToString("yyyy-MM-dd'T'HH:mm:ss.000'Z'", CultureInfo.InvariantCulture)),
                new XElement(s_xml + "ETag", stored.Tag), new XElement(s_xml + "Size", stored.Content.Length)));
        }

        return Xml(new XElement(
            s_xml + "ListBucketResult", new XElement(s_xml + "IsTruncated", next is not null), next is null ? null : new XElement(s_xml + "NextContinuationToken", next), found,
            folders.Select(f => new XElement(s_xml + "CommonPrefixes", new XElement(s_xml + "Prefix", f)))));
    }

    private Stored Store(string key, byte[] body, Dictionary<string, string> metadata, string tagSuffix = "")
    {
        // Whole seconds, as the header has them.
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        return _objects[key] = new Stored(body, new DateTime(now.Ticks - (now.Ticks % TimeSpan.TicksPerSecond), DateTimeKind.Utc), $"\"{Tag(body)}{tagSuffix}\"", metadata);
    }

#pragma warning disable CA5351 // what S3 has for a tag, and clients compare
    private static string Tag(byte[] body) => Convert.ToHexStringLower(MD5.HashData(body));
#pragma warning restore CA5351

    private static (int, byte[]) Done(bool _) => (204, []);

    private static (int, byte[]) Error(int status, string code) =>
        (status, Encoding.UTF8.GetBytes(new XElement("Error", new XElement("Code", code), new XElement("Message", code)).ToString()));

    private static (int, byte[]) Xml(XElement content) => (200, Encoding.UTF8.GetBytes(content.ToString()));

    private sealed record Stored(byte[] Content, DateTime Modified, string Tag, Dictionary<string, string> Metadata);
}
