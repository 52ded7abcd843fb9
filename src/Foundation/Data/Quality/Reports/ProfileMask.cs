using System.Text.Json.Nodes;

namespace EventMl.Data.Quality;

/// <summary>Hides values of columns that hold personal data.</summary>
public static class ProfileMask
{
    /// <summary>The profile with masked frequent values and preview in the columns that a scan finds likely, or whose names say so.</summary>
    public static DatasetProfile Mask(DatasetProfile profile, PiiReport? pii)
    {
        HashSet<string> hidden = [.. pii?.Findings.Where(f => f.IsLikely() || f.NameHint).Select(f => f.Column) ?? [], .. profile.Columns.Select(c => c.Name).Where(n => PiiHints.Of(n).Any())];
        if (hidden.Count == 0)
            return profile;
        return profile with
        {
            Columns = [.. profile.Columns.Select(c => hidden.Contains(c.Name) ? c with { Top = [.. c.Top.Select(v => v with { Value = PiiMask.Mask(v.Value) })] } : c)],
            Preview = [.. profile.Preview.Select(row => MaskRow(row, hidden))],
        };
    }

    private static string MaskRow(string row, HashSet<string> hidden)
    {
        var json = JsonNode.Parse(row)!.AsObject();
        foreach (var column in hidden)
        {
            if (json[column] is { } value)
                json[column] = PiiMask.Mask(value is JsonValue text && text.TryGetValue<string>(out var plain) ? plain : value.ToJsonString());
        }

        return json.ToJsonString(QualityJson.Compact);
    }
}
