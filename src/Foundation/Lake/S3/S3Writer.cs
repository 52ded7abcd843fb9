using System.Globalization;

namespace EventMl.Lake.S3;

/// <summary>
/// A writer's announcement: an object that never changes and so is dated by the store at the start, and one beside it that is written again and
/// again while the writer lives. A store has no locks that end with their process, so a dead writer counts as alive until its lease has passed.
/// </summary>
internal sealed class S3Writer : ILakeWriter
{
    private const string Folder = "_writers";
    private readonly S3Storage _storage;
    private readonly string _path;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _reporting;

    private readonly TimeSpan _lease;
    private readonly TimeProvider _clock;
    private long _reported;
    private int _disposed;

    private S3Writer(S3Storage storage, string path, TimeSpan lease, TimeProvider clock)
    {
        (_storage, _path, _lease, _clock) = (storage, path, lease, clock);
        _reported = clock.GetTimestamp();
        _reporting = ReportAsync();
    }

    public static async Task<S3Writer> StartAsync(S3Storage storage, string folder, TimeSpan lease, TimeProvider clock, CancellationToken ct)
    {
        var path = $"{folder}/{Folder}/{Path.GetRandomFileName()}";
        await storage.WriteAsync(path + ".alive", "{}"u8.ToArray(), ct);
        await storage.WriteAsync(path + ".start", "{}"u8.ToArray(), ct);
        return new S3Writer(storage, path, lease, clock);
    }

    public static async Task<DateTimeOffset?> OldestAsync(S3Storage storage, string folder, TimeSpan lease, CancellationToken ct)
    {
        var marks = new List<LakeObject>();
        await foreach (var mark in storage.ListAsync($"{folder}/{Folder}", ct))
            marks.Add(mark);
        if (marks.Count == 0)
            return null;
        var now = await storage.NowAsync(ct);
        DateTimeOffset? oldest = null;
        foreach (var writer in marks.GroupBy(m => m.Path[..m.Path.LastIndexOf('.')], StringComparer.Ordinal))
        {
            if (writer.Max(m => m.Modified) + lease < now)
            {
                foreach (var mark in writer)
                    await storage.DeleteAsync(mark.Path, ct);
            }
            else if (writer.Min(m => m.Modified) is var start && !(oldest <= start))
            {
                oldest = start;
            }
        }

        return oldest;
    }

    public void EnsureAlive()
    {
        if (_clock.GetElapsedTime(Interlocked.Read(ref _reported)) is var silent && silent > _lease / 2)
            throw new LakeException($"This writer could not report for {silent.TotalSeconds:F0} s, so others may take it for dead and collect its files; nothing was committed. Try again.");
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _stop.CancelAsync();
        await _reporting;
        _stop.Dispose();
        try
        {
            foreach (var suffix in (string[])[".start", ".alive"])
                await _storage.DeleteAsync(_path + suffix, CancellationToken.None);
        }
        catch (LakeException)
        {
            // What was committed stays committed; the marks go when the lease has passed.
        }
    }

    private async Task ReportAsync()
    {
        for (var round = 1; !_stop.IsCancellationRequested; round++)
        {
            try
            {
                await Task.Delay(_lease / 4, _clock, _stop.Token);
                var now = _clock.GetTimestamp();
                await _storage.WriteAsync(_path + ".alive", System.Text.Encoding.UTF8.GetBytes(round.ToString(CultureInfo.InvariantCulture)), _stop.Token);
                Interlocked.Exchange(ref _reported, now);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (LakeException)
            {
                // The next report may get through before the lease has passed.
            }
        }
    }
}
