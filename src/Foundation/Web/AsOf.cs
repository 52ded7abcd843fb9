using System.Globalization;
using System.Reflection;
using EventMl.EventStore;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Web;

/// <summary>The moment a read asks for; an endpoint takes it as a parameter and it binds itself from <c>as_of</c>, a ledger position or an instant. An answer about the past carries its position.</summary>
public sealed class AsOf
{
    /// <summary>Header with the position up to which an answer tells.</summary>
    public const string PositionHeader = "X-Ledger-Position";

    private readonly Ledger _ledger;

    private AsOf(Ledger ledger, long? position)
    {
        _ledger = ledger;
        Position = position;
    }

    /// <summary>The last position that counts; null when the present is asked for.</summary>
    public long? Position { get; }

    /// <summary>Whether the present is asked for.</summary>
    public bool IsNow => Position is null;

    /// <summary>Reads the query.</summary>
    /// <exception cref="BadHttpRequestException">The value is neither a position nor an instant.</exception>
    public static async ValueTask<AsOf> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        ArgumentNullException.ThrowIfNull(context);
        var ledger = context.RequestServices.GetRequiredService<Ledger>();
        var text = context.Request.Query["as_of"].ToString();
        if (text.Length == 0)
        {
            return new AsOf(ledger, null);
        }

        var position = await PositionAsync(text, ledger, context.RequestAborted);
        context.Response.Headers[PositionHeader] = position.ToString(CultureInfo.InvariantCulture);
        return new AsOf(ledger, position);
    }

    /// <summary>The rows of a view at that moment.</summary>
    public IViewReader<TRow> Of<TRow>(View<TRow> view)
        where TRow : class => Position is { } position ? new PastView<TRow>(_ledger, view, position) : view;

    private static async Task<long> PositionAsync(string text, Ledger ledger, CancellationToken cancellationToken)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position))
        {
            return Math.Min(position, await ledger.HeadAsync(cancellationToken));
        }

        // In a query a plus sign stands for a space, also in an offset such as +02:00.
        return text.Contains('T', StringComparison.Ordinal)
            && DateTimeOffset.TryParse(text.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant)
            ? await ledger.PositionAtAsync(instant, cancellationToken)
            : throw new BadHttpRequestException("'as_of' must be a ledger position such as 120, or an instant such as 2026-03-01T12:00:00Z.");
    }
}
