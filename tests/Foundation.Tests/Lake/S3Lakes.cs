using EventMl.Contracts;
using EventMl.Lake;
using EventMl.Lake.S3;
using EventMl.Tasks;
using EventMl.Testing;

namespace EventMl.Foundation.Tests.Lake;

/// <summary>A lake in an object store.</summary>
public abstract class S3Lake : ILakeUnderTest
{
    private readonly TestFolder _folder = new();

    public ILakeStorage Storage { get; private set; } = null!;

    public virtual async Task StartAsync() => Storage = await ConnectAsync();

    // Each store has its own connection and its own folder of fetched files, as in another process.
    public LakeStore Open(Action<string>? reached = null) => Open(ConnectAsync().GetAwaiter().GetResult(), step => reached?.Invoke(step));

    /// <summary>A store whose process dies before a request: nothing it asks for from then on arrives, also not what it would clean up.</summary>
    public LakeStore OpenUntil(int requests)
    {
        var storage = ConnectAsync().GetAwaiter().GetResult();
        storage.Asking = path =>
        {
            if (Interlocked.Decrement(ref requests) < 0)
                throw new LakeException($"killed before it asked for {path}");
        };
        return Open(storage, static _ => { });
    }

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    protected abstract Task<S3Storage> ConnectAsync();

    private LakeStore Open(S3Storage storage, Action<string> reached) =>
        new(new LakeOptions { Root = _folder.At(Path.GetRandomFileName()) }, storage) { Reached = step => reached(step.ToString()) };
}

/// <summary>A lake in a real S3 server that ignores conditional PUT, with the commits in PostgreSQL.</summary>
public sealed class S3RowsLake : S3Lake
{
    private TestDatabase? _database;
    private S3Options? _options;
    private LakeCommitRows? _rows;

    public override async Task StartAsync()
    {
        var (server, problem) = await S3Server.SharedAsync();
        if (server is null)
            Assert.Skip(problem);
        _database = await TestDatabase.CreateAsync();
        _rows = new LakeCommitRows(_database.DataSource);
        await _rows.CreateAsync();
        _options = new S3Options { Endpoint = server.Address, Bucket = S3Server.Bucket, Prefix = $"{Ids.New():n}", AccessKey = S3Server.Key, SecretKey = S3Server.Key };
        await base.StartAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        if (_database is not null)
            await _database.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override Task<S3Storage> ConnectAsync() => S3Storage.ConnectAsync(_options!, _rows);
}

/// <summary>A lake in a store with conditional PUT.</summary>
public sealed class ConditionalS3Lake : S3Lake
{
    public ConditionalS3Server Server { get; } = new();

    public override ValueTask DisposeAsync()
    {
        Server.Dispose();
        return base.DisposeAsync();
    }

    protected override Task<S3Storage> ConnectAsync() =>
        S3Storage.ConnectAsync(new S3Options { Endpoint = Server.Address, Bucket = "lake", Prefix = "team/a", AccessKey = "key", SecretKey = "secret" });
}
