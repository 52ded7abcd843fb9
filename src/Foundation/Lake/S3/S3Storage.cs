using System.Net;
using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace EventMl.Lake.S3;

/// <summary>
/// A lake in an S3-compatible store. What may be created only once is put with <c>If-None-Match: *</c> where the store honours it; elsewhere a row
/// that can be added only once decides, and the object follows it.
/// </summary>
public sealed class S3Storage : ILakeStorage, IDisposable
{
    private const string Creator = "creator";
    private const int MaxTransfers = 8;
    private readonly AmazonS3Client _client;
    private readonly S3Options _options;
    private readonly ICommitRows? _rows;
    private readonly TimeProvider _clock;
    private readonly string _prefix;

    private S3Storage(AmazonS3Client client, S3Options options, ICommitRows? rows, TimeProvider clock)
    {
        (_client, _options, _rows, _clock) = (client, options, rows, clock);
        _prefix = options.Prefix.Length == 0 ? "" : options.Prefix.TrimEnd('/') + "/";
    }

    /// <inheritdoc />
    public string Name => $"s3://{_options.Bucket}/{_prefix}";

    /// <summary>Whether the store itself decides who created an object; else the rows do.</summary>
    public bool HasConditionalPut => _rows is null;

    /// <summary>Called before every request; tests let a store die here by throwing from then on.</summary>
    internal Action<string> Asking { get; set; } = static _ => { };

    /// <summary>Connects and finds out whether the store honours conditional PUT; where it does not, <paramref name="rows"/> decide.</summary>
    /// <exception cref="LakeException">The store cannot be used, or it lacks conditional PUT and no rows were given.</exception>
    public static async Task<S3Storage> ConnectAsync(S3Options options, ICommitRows? rows = null, TimeProvider? clock = null, CancellationToken ct = default)
    {
        if (options.PartBytes < 5 << 20)
            throw new LakeException($"Parts of {options.PartBytes} bytes are too small for S3; use 5 MiB or more.");
        var config = new AmazonS3Config
        {
            ForcePathStyle = options.PathStyle,
            AuthenticationRegion = options.Region,
            // Newer checksums are not known everywhere; the lake has its own hashes.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (options.Endpoint is { } endpoint)
            config.ServiceURL = endpoint.ToString();
        else
            config.RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(options.Region);
        var client = new AmazonS3Client(new BasicAWSCredentials(options.AccessKey, options.SecretKey), config);
        var plain = new S3Storage(client, options, null, clock ?? TimeProvider.System);
        try
        {
            if (await plain.HonoursConditionsAsync(ct))
                return plain;
            return rows is not null
                ? new S3Storage(client, options, rows, plain._clock)
                : throw new LakeException($"{plain.Name} ignores If-None-Match, so two writers could both win there; give a table of the database for the commits, or use a store with conditional PUT.");
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public async Task<DateTimeOffset> NowAsync(CancellationToken ct)
    {
        // The store's own clock, as it dates objects.
        await WriteAsync("_clock", "now"u8.ToArray(), ct);
        return await AskAsync("_clock", async key => Utc((await _client.GetObjectMetadataAsync(_options.Bucket, key, ct)).LastModified));
    }

    /// <inheritdoc />
    public async Task<byte[]?> ReadAsync(string path, CancellationToken ct)
    {
        if (await GetAsync(path, ct) is { } found)
            return found;
        // Whoever added the row may have died before the object followed.
        if (_rows is null || await _rows.FindAsync(RowKey(path), ct) is not { } decided)
            return null;
        await PutAsync(path, decided, onlyNew: false, ct);
        return decided;
    }

    /// <inheritdoc />
    public Task ReadRangeAsync(string path, long offset, Memory<byte> target, CancellationToken ct) => target.IsEmpty ? Task.CompletedTask : AskAsync(path, async key =>
    {
        using var response = await _client.GetObjectAsync(new GetObjectRequest { BucketName = _options.Bucket, Key = key, ByteRange = new ByteRange(offset, offset + target.Length - 1) }, ct);
        if (response.ContentLength != target.Length)
            throw new LakeException($"{Name}{path} gave {response.ContentLength} bytes where {target.Length} from {offset} on were asked for; the object is damaged, or the store does not know ranges.");
        await response.ResponseStream.ReadExactlyAsync(target, ct);
        return true;
    });

    /// <inheritdoc />
    public Task<Stream> OpenAsync(string path, CancellationToken ct) => AskAsync(path, async key =>
        (Stream)new S3ReadStream(await _client.GetObjectAsync(new GetObjectRequest { BucketName = _options.Bucket, Key = key }, ct), e => Failed(path, e)));

    /// <inheritdoc />
    public async Task<bool> TryCreateAsync(string path, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        if (_rows is null)
            return await PutAsync(path, content, onlyNew: true, ct);
        if (!await _rows.TryAddAsync(RowKey(path), content, ct))
        {
            _ = await ReadAsync(path, ct);
            return false;
        }

        await PutAsync(path, content, onlyNew: false, ct);
        return true;
    }

    /// <inheritdoc />
    public Task WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken ct) => PutAsync(path, content, onlyNew: false, ct);

    /// <inheritdoc />
    public Task StoreAsync(string path, string localFile, CancellationToken ct) => AskAsync(path, async key =>
    {
        await S3Upload.StoreAsync(_client, _options, key, localFile, ct);
        return true;
    });

    /// <inheritdoc />
    public async IAsyncEnumerable<LakeObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken ct)
    {
        var request = new ListObjectsV2Request { BucketName = _options.Bucket, Prefix = Key(folder) + "/" };
        ListObjectsV2Response page;
        do
        {
            page = await AskAsync(folder, _ => _client.ListObjectsV2Async(request, ct));
            foreach (var found in page.S3Objects ?? [])
                yield return new LakeObject(found.Key[_prefix.Length..], found.Size ?? 0, Utc(found.LastModified));
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated ?? false);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<string>> ListFoldersAsync(string folder, CancellationToken ct)
    {
        var start = Key(folder) + "/";
        var request = new ListObjectsV2Request { BucketName = _options.Bucket, Prefix = start, Delimiter = "/" };
        var names = new List<string>();
        ListObjectsV2Response page;
        do
        {
            page = await AskAsync(folder, _ => _client.ListObjectsV2Async(request, ct));
            names.AddRange((page.CommonPrefixes ?? []).Select(p => p[start.Length..].TrimEnd('/')));
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated ?? false);
        return names;
    }

    /// <inheritdoc />
    public async Task DeleteAsync(string path, CancellationToken ct)
    {
        await AskAsync(path, key => _client.DeleteObjectAsync(_options.Bucket, key, ct));
        // After the object: a row without an object is put again by whoever reads it.
        if (_rows is not null && await _rows.RemoveAsync(RowKey(path), ct))
        {
            // A reader may have put it again in between.
            await AskAsync(path, key => _client.DeleteObjectAsync(_options.Bucket, key, ct));
        }
    }

    /// <inheritdoc />
    public async Task<ILakeWriter> AnnounceWriterAsync(string folder, CancellationToken ct) =>
        await S3Writer.StartAsync(this, folder, _options.WriterLease, _clock, ct);

    /// <inheritdoc />
    public Task<DateTimeOffset?> OldestWriterAsync(string folder, CancellationToken ct) => S3Writer.OldestAsync(this, folder, _options.WriterLease, ct);

    /// <inheritdoc />
    public string? LocalPath(string path) => null;

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    private string RowKey(string path) => Name + path;

    private string Key(string path) => _prefix + path;

    private static DateTimeOffset Utc(DateTime? time) => time is { } known ? new DateTimeOffset(known.ToUniversalTime(), TimeSpan.Zero) : DateTimeOffset.MaxValue;

    private async Task<bool> HonoursConditionsAsync(CancellationToken ct)
    {
        const string Probe = "_probe";
        await PutAsync(Probe, "probe"u8.ToArray(), onlyNew: false, ct);
        try
        {
            return !await PutAsync(Probe, "again"u8.ToArray(), onlyNew: true, ct);
        }
        catch (LakeException e) when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.NotImplemented or HttpStatusCode.BadRequest })
        {
            return false;
        }
    }

    private async Task<byte[]?> GetAsync(string path, CancellationToken ct)
    {
        Asking(path);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var response = await _client.GetObjectAsync(new GetObjectRequest { BucketName = _options.Bucket, Key = Key(path) }, ct);
                using var buffer = new MemoryStream();
                await response.ResponseStream.CopyToAsync(buffer, ct);
                return buffer.ToArray();
            }
            catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode != "NoSuchBucket")
            {
                return null;
            }
            catch (Exception e) when (e is AmazonClientException or IOException or ArgumentOutOfRangeException && attempt < MaxTransfers)
            {
                // The body broke off, or the hash that was announced is another or none: simple stores show an object while it is written.
                await Task.Delay(TimeSpan.FromMilliseconds(50 * attempt), _clock, ct);
            }
            catch (Exception e) when (IsFailure(e))
            {
                throw Failed(path, e);
            }
        }
    }

    private Task<bool> PutAsync(string path, ReadOnlyMemory<byte> content, bool onlyNew, CancellationToken ct) => AskAsync(path, async key =>
    {
        var creator = Path.GetRandomFileName();
        while (true)
        {
            try
            {
                using var body = new MemoryStream(content.ToArray());
                var request = new PutObjectRequest { BucketName = _options.Bucket, Key = key, InputStream = body, IfNoneMatch = onlyNew ? "*" : null, UseChunkEncoding = false };
                request.Metadata[Creator] = creator;
                await _client.PutObjectAsync(request, ct);
                return true;
            }
            catch (AmazonS3Exception e) when (onlyNew && e.StatusCode == HttpStatusCode.PreconditionFailed)
            {
                // After a lost answer the client asks again and meets its own object.
                return (await _client.GetObjectMetadataAsync(_options.Bucket, key, ct)).Metadata[Creator] == creator;
            }
            catch (AmazonS3Exception e) when (onlyNew && e.StatusCode == HttpStatusCode.Conflict)
            {
                // Another conditional PUT is under way; who has won shows in the next round.
                await Task.Delay(TimeSpan.FromMilliseconds(50), _clock, ct);
            }
        }
    });

    private async Task<T> AskAsync<T>(string path, Func<string, Task<T>> ask)
    {
        Asking(path);
        try
        {
            return await ask(Key(path));
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode != "NoSuchBucket")
        {
            throw new LakeException($"{Name}{path} is missing; restore it from a backup.", e);
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw Failed(path, e);
        }
    }

    internal static bool IsFailure(Exception e) => e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or ArgumentOutOfRangeException;

    private LakeException Failed(string path, Exception e) => new(e is not AmazonServiceException answer
        ? $"{Name}{path}: the store at {_options.Endpoint} cannot be reached or gave a broken answer: {e.Message}"
        : answer.ErrorCode == "NoSuchBucket"
        ? $"The bucket '{_options.Bucket}' does not exist at {_options.Endpoint}; create it first."
        : $"{Name}{path}: the store answered {(int)answer.StatusCode} {answer.ErrorCode}: {e.Message}", e);
}
