namespace EventMl.EventStore.Proof;

/// <summary>Goes through the rows position by position and notices the ones that are not there.</summary>
internal sealed class RowCursor(IAsyncEnumerator<EvidenceRow> rows, RowCheck check) : IAsyncDisposable
{
    private long _next = 1;

    /// <summary>The row that comes next; null at the end.</summary>
    public EvidenceRow? Current { get; private set; }

    public async Task MoveNextAsync() => Current = await rows.MoveNextAsync() ? rows.Current : null;

    /// <summary>Checks the row of a position; without a sealed leaf against its own.</summary>
    public async Task CheckAsync(long position, byte[]? sealedHash)
    {
        while (Current is { } early && early.Position < _next)
        {
            check.Misplaced(early.Position);
            await MoveNextAsync();
        }

        SkipTo(position);
        if (position != _next)
        {
            return;
        }

        _next = position + 1;
        if (Current is { } row && row.Position == position)
        {
            check.Check(row, sealedHash);
            await MoveNextAsync();
        }
        else if (sealedHash is not null)
        {
            check.Missing(position, position);
        }
    }

    /// <summary>Goes on at a position; those before it that were not met are missing.</summary>
    public void SkipTo(long position)
    {
        if (position > _next)
        {
            check.Missing(_next, position - 1);
            _next = position;
        }
    }

    public ValueTask DisposeAsync() => rows.DisposeAsync();
}
