using System.Text;
using System.Text.Json;

namespace EventMl.Data.Sources.Json;

/// <summary>The fields of an object by name, whatever their order.</summary>
internal sealed class JsonFields(IReadOnlyList<(string Name, JsonNode Node)> fields, string path, JsonFault fault, bool dropUnknown)
{
    private readonly byte[][] _names = [.. fields.Select(f => Encoding.UTF8.GetBytes(f.Name))];
    private readonly Dictionary<string, int> _byName = fields.Select((f, i) => (f.Name, i)).ToDictionary(f => f.Name, f => f.i, StringComparer.Ordinal);
    private readonly bool[] _seen = new bool[fields.Count];

    /// <summary>Takes the object that the reader stands at the start of.</summary>
    public void Take(ref Utf8JsonReader reader)
    {
        Array.Clear(_seen);
        var expected = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var at = Find(ref reader, expected);
            if (at < 0 || _seen[at])
            {
                if (at >= 0 || !dropUnknown)
                {
                    fault.Set(path.Length == 0 ? Name(ref reader) : $"{path}.{Name(ref reader)}", at >= 0 ? "the field stands there twice" : "no row of the sample had this field");
                }

                reader.Read();
                reader.Skip();
                continue;
            }

            _seen[at] = true;
            expected = at + 1;
            reader.Read();
            fields[at].Node.Take(ref reader);
        }

        for (var i = 0; i < _seen.Length; i++)
        {
            if (!_seen[i])
            {
                fields[i].Node.Missing();
            }
        }
    }

    public void Missing()
    {
        foreach (var (_, node) in fields)
        {
            node.Missing();
        }
    }

    // Rows of one file nearly always have their fields in one order.
    private int Find(ref Utf8JsonReader reader, int expected) =>
        expected < _names.Length && reader.ValueTextEquals(_names[expected]) ? expected : _byName.GetValueOrDefault(Name(ref reader), -1);

    private static string Name(ref Utf8JsonReader reader) => reader.GetString()!;
}
