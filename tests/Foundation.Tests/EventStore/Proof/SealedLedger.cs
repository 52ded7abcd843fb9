using EventMl.EventStore;
using EventMl.EventStore.Proof;
using EventMl.Lake;

namespace EventMl.Foundation.Tests.EventStore.Proof;

/// <summary>A ledger of its own with a notary that works when it is told to, a key, and anchors in a lake.</summary>
internal sealed class SealedLedger : IAsyncDisposable
{
    public static readonly DateTimeOffset At = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("eventml-proof-").FullName;
    private Sealing? _sealing;
    private LedgerKey? _key;

    private SealedLedger(TestLedger db)
    {
        Db = db;
        Options = new NotaryOptions { KeyPath = Path.Combine(_folder, "keys", "ledger.pem"), EventsPerAnchor = 1000 };
        Anchors = new LakeRecordAnchors(new LakeStore(new LakeOptions { Root = Path.Combine(_folder, "lake") }));
    }

    public TestLedger Db { get; }

    public NotaryOptions Options { get; set; }

    public IAnchorStore Anchors { get; }

    public string AnchorFolder => Path.Combine(_folder, "lake", "ledger");

    public LedgerKey Key => _key ??= LedgerKey.OpenOrCreate(Options.KeyPath);

    public string PublicKey => File.ReadAllText(LedgerKey.PublicPath(Options.KeyPath));

    public static async Task<SealedLedger> CreateAsync(TimeProvider? clock = null, Func<LedgerOptions, LedgerOptions>? change = null) =>
        new(await TestLedger.CreateAsync(clock, withView: false, change));

    /// <summary>Appends events to two streams, each event another.</summary>
    public async Task AppendAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var stream = $"counter-{(i % 2 == 0 ? "even" : "odd")}";
            var version = (await Db.Ledger.ReadStreamAsync(stream)).Count;
            await Db.AppendAsync(stream, version, new CounterRaised(version, At));
        }

        await Db.SequenceAsync();
    }

    /// <summary>Seals everything that has a position.</summary>
    public async Task SealAsync()
    {
        _sealing ??= await OpenAsync();
        while (await _sealing.StepAsync(CancellationToken.None) is var step && step != SealStep.Idle)
        {
            step.ShouldNotBe(SealStep.Refused);
        }
    }

    /// <summary>Seals everything and anchors it.</summary>
    public async Task AnchorAsync()
    {
        await SealAsync();
        (await _sealing!.AnchorAsync(CancellationToken.None)).ShouldBeTrue();
        await Db.SequenceAsync();
    }

    /// <summary>The notary ends without a word.</summary>
    public void Kill() => _sealing = null;

    /// <summary>Another key from now on, as an operator would change it.</summary>
    public void ReplaceKey()
    {
        File.Delete(Options.KeyPath);
        Kill();
        _key?.Dispose();
        _key = null;
    }

    /// <summary>The next notary takes up the work.</summary>
    public async Task<Sealing> OpenAsync(IAnchorStore? anchors = null)
    {
        var lease = new LeaderLease(Db.DataSource, Db.Options, Notary.LeaseName);
        await Db.ExecuteAsync($"update {Db.Options.Schema}.eml_lease set expires_at = '-infinity' where name = 'notary'");
        (await lease.AcquireAsync()).ShouldBeTrue();
        _ = Key;
        using var trusted = TrustedKeys.Parse(PublicKey);
        var recovered = await new Recovery(Db.Ledger, anchors ?? Anchors, trusted, lease.Epoch).RunAsync(CancellationToken.None);
        return new Sealing(Db.Ledger, Options, anchors ?? Anchors, Key, lease.Epoch, Db.Options.BatchSize, recovered.ShouldNotBeNull());
    }

    public async Task<VerificationReport> VerifyAsync()
    {
        await using var evidence = await LedgerEvidence.OpenAsync(Db.Ledger, Anchors);
        using var trusted = TrustedKeys.Parse(PublicKey);
        return await new LedgerVerifier(evidence, trusted).VerifyAsync();
    }

    /// <summary>What a superuser may do: no trigger and no foreign key stops it.</summary>
    public Task AsSuperuserAsync(string sql) => Db.ExecuteAsync($"begin; set local session_replication_role = replica; {sql}; commit");

    public async ValueTask DisposeAsync()
    {
        _key?.Dispose();
        await Db.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>Anchors as records of a lake.</summary>
internal sealed class LakeRecordAnchors(LakeStore lake) : IAnchorStore
{
    public async Task WriteAsync(long size, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (!await lake.TryWriteRecordAsync("ledger", $"anchor-{size:D19}.json", content, cancellationToken))
        {
            (await ReadAsync(size, cancellationToken)).ShouldBe(content.ToArray());
        }
    }

    public async Task<IReadOnlyList<long>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await lake.ListRecordsAsync("ledger", cancellationToken)).Select(n => long.Parse(n.AsSpan(7, 19)))];

    public Task<byte[]?> ReadAsync(long size, CancellationToken cancellationToken) => lake.ReadRecordAsync("ledger", $"anchor-{size:D19}.json", cancellationToken);
}
