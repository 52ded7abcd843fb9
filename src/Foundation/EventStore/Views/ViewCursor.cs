using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace EventMl.EventStore;

/// <summary>The opaque cursor of a list: creation time and id of the last row.</summary>
public static class ViewCursor
{
    /// <summary>The cursor of a row.</summary>
    public static string Encode(DateTimeOffset at, string id) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{at.UtcTicks.ToString(CultureInfo.InvariantCulture)} {id}"));

    /// <summary>The row of a cursor; the beginning when there is none.</summary>
    /// <exception cref="FormatException">The text is no cursor.</exception>
    public static (DateTimeOffset At, string Id) Decode(string? cursor)
    {
        if (string.IsNullOrEmpty(cursor))
        {
            return (DateTimeOffset.UnixEpoch, "");
        }

        try
        {
            var text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
            var space = text.IndexOf(' ', StringComparison.Ordinal);
            return (new DateTimeOffset(long.Parse(text.AsSpan(0, space), CultureInfo.InvariantCulture), TimeSpan.Zero), text[(space + 1)..]);
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
        {
            throw new FormatException("The page token is not one that this list returned; start again without it.", e);
        }
    }
}
