using Npgsql;

namespace EventMl.Foundation.Tests.Bus;

/// <summary>Rows of a scenario's database; <c>from</c> is all that follows the word of SQL.</summary>
internal static class Counts
{
    public static async Task<long> CountAsync(this NpgsqlDataSource database, string from)
    {
        await using var count = database.CreateCommand($"select count(*) from {from}");
        return (long)(await count.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    /// <summary>Waits until there are exactly, or at least, so many; says how many there were instead.</summary>
    public static async Task UntilAsync(this NpgsqlDataSource database, string from, long count, string what, TimeSpan limit, bool orMore = false)
    {
        var last = -1L;
        try
        {
            await BusHost.UntilAsync(
                async () =>
                {
                    last = await database.CountAsync(from);
                    return last == count || (orMore && last > count);
                },
                what, limit);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}: {last} rows of {from} instead of {count}", e);
        }
    }
}
