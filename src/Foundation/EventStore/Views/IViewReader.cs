namespace EventMl.EventStore;

/// <summary>A row of a view with the stream version it shows (also its ETag).</summary>
public sealed record ViewRow<TRow>(string Id, long Version, TRow Row);

/// <summary>The rows of a view, as they are now or as they were.</summary>
public interface IViewReader<TRow>
    where TRow : class
{
    /// <summary>The row of one id, or null.</summary>
    Task<ViewRow<TRow>?> GetAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Rows in order of creation after the cursor, at most <paramref name="limit"/>, whose id begins with <paramref name="idPrefix"/>; and the cursor of the next page (null at the end).</summary>
    /// <exception cref="FormatException">The cursor was not made by this method.</exception>
    Task<(IReadOnlyList<ViewRow<TRow>> Rows, string? Next)> ListAsync(string idPrefix, int limit, string? cursor, CancellationToken cancellationToken);
}

/// <summary>Reading whole views.</summary>
public static class ViewReaders
{
    /// <summary>Rows in order of creation after the cursor, at most <paramref name="limit"/>, and the cursor of the next page (null at the end).</summary>
    /// <exception cref="FormatException">The cursor was not made by this method.</exception>
    public static Task<(IReadOnlyList<ViewRow<TRow>> Rows, string? Next)> ListAsync<TRow>(
        this IViewReader<TRow> view, int limit, string? cursor = null, CancellationToken cancellationToken = default)
        where TRow : class => view.ListAsync("", limit, cursor, cancellationToken);
}
