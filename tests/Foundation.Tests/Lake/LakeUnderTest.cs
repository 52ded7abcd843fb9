using EventMl.Arrow;
using EventMl.Lake;
using EventMl.Lake.Storage;

namespace EventMl.Foundation.Tests.Lake;

/// <summary>A lake of one test in one kind of storage; several stores may stand on it at once, as those of several processes.</summary>
public interface ILakeUnderTest : IAsyncDisposable
{
    /// <summary>Makes an empty lake.</summary>
    Task StartAsync();

    /// <summary>Another store on the same lake; <paramref name="reached"/> may throw to stop a commit.</summary>
    LakeStore Open(Action<string>? reached = null);

    /// <summary>The storage itself, to look behind the scenes.</summary>
    ILakeStorage Storage { get; }
}

/// <summary>A lake in a temporary folder.</summary>
public sealed class DiskLake : ILakeUnderTest
{
    private readonly TestFolder _folder = new();

    public ILakeStorage Storage => new DiskStorage(_folder.At("lake"), TimeProvider.System);

    public Task StartAsync() => Task.CompletedTask;

    public LakeStore Open(Action<string>? reached = null) =>
        new(new LakeOptions { Root = _folder.At("lake") }) { Reached = step => reached?.Invoke(step.ToString()) };

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>What the suites over every storage share: a lake, staging folders and short words for commits and reads.</summary>
public abstract class LakeSuite<TLake> : IAsyncLifetime
    where TLake : ILakeUnderTest, new()
{
    private readonly TestFolder _folder = new();
    private int _transactions;

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    protected static readonly ArrowSchema Doubled = new([new ArrowField("doubled", ArrowType.Of(ArrowKind.Int64))]);

    /// <summary>A grace period that has passed for everything there is, also where ages come in whole seconds.</summary>
    protected static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(-2);

    protected TLake UnderTest { get; } = new();

    protected LakeStore Lake { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await UnderTest.StartAsync();
        Lake = UnderTest.Open();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await UnderTest.DisposeAsync();
        _folder.Dispose();
    }

    protected string Stage(params long[][] files) => _folder.Stage(files);

    protected string At(string path) => _folder.At(path);

    protected LakeTransaction Txn(string operation = "work", long? read = null) => new($"t{++_transactions}", operation, null) { ReadVersion = read };

    protected Task<LakeVersion> CreateAsync(params long[][] files) => Lake.CommitAsync(LakeKind.Dataset, "demo", Stage(files), Txn("create"), Ct);

    protected Task<LakeVersion> AppendAsync(params long[][] files) => Lake.CommitAsync(LakeKind.Dataset, "demo", Stage(files), Txn(LakeTransaction.Append), Ct);

    protected Task<LakeVersion> AddDoubledAsync(long? read = null, string name = "demo") => Lake.AddColumnsAsync(name, Doubled, ["x"], DoubleX, Txn(read: read), Ct);

    protected async Task<LakeVersion> LatestAsync(string name = "demo") => (await Lake.GetAsync(LakeKind.Dataset, name, ct: Ct))!;

    protected static RecordBatch DoubleX(LakeRows rows)
    {
        var builder = new RecordBatchBuilder(Doubled);
        foreach (var value in rows.Batch.Column("x").Values<long>())
            builder.Column<PrimitiveBuilder<long>>("doubled").Append(2 * value);
        return builder.Build();
    }

    /// <summary>One of the operations on a dataset of the rows 1, 2 and 3, always under the same transaction.</summary>
    protected static Task<LakeVersion> WorkAsync(LakeStore lake, string name, string work, string staging)
    {
        var txn = new LakeTransaction("the-one", work == "append" ? LakeTransaction.Append : work, null);
        return work switch
        {
            "append" => lake.CommitAsync(LakeKind.Dataset, name, staging, txn, Ct),
            "delete" => lake.DeleteRowsAsync(name, [1], txn, Ct),
            "add" => lake.AddColumnsAsync(name, Doubled, ["x"], DoubleX, txn, Ct),
            "drop" => lake.DropColumnsAsync(name, ["s"], txn, Ct),
            "compact" => lake.CompactAsync(name, txn, ct: Ct)!,
            _ => lake.RestoreAsync(LakeKind.Dataset, name, 1, txn, Ct),
        };
    }

    /// <summary>Every row as its id and the values of its columns.</summary>
    protected static async Task<List<(long Id, string Values)>> RowsAsync(LakeVersion version, params string[] columns)
    {
        var rows = new List<(long, string)>();
        await foreach (var some in LakeReader.StreamAsync(version, columns, Ct))
        {
            for (var i = 0; i < some.Batch.Length; i++)
                rows.Add((some.RowIds[i], string.Join(' ', some.Batch.Schema.Fields.Select((_, c) => Show(some.Batch.Column(c), i)))));
        }

        return rows;
    }

    protected static async Task<IEnumerable<string>> ValuesAsync(LakeVersion version, params string[] columns) => (await RowsAsync(version, columns)).Select(r => r.Values);

    protected static async Task<LakeConflictException> LosesAsync(Func<Task> work, LakeConflict outcome)
    {
        var lost = await Should.ThrowAsync<LakeConflictException>(work);
        lost.Outcome.ShouldBe(outcome, lost.Message);
        return lost;
    }

    private static string Show(Column column, int row) => column switch
    {
        _ when column.IsNull(row) => "-",
        Utf8Column text => text.GetString(row)!.Replace(' ', '_'),
        _ => $"{column.Values<long>()[row]}",
    };
}
