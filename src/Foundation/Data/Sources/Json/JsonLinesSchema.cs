using System.Text.Json;
using EventMl.Arrow;
using EventMl.Data.Sources.Text;

namespace EventMl.Data.Sources.Json;

/// <summary>The columns of a text of JSON objects, and which fields they come from.</summary>
internal sealed class JsonLinesSchema
{
    private readonly IReadOnlyList<Place> _places;

    private JsonLinesSchema(IReadOnlyList<Place> places, ArrowSchema schema) => (_places, Arrow) = (places, schema);

    public ArrowSchema Arrow { get; }

    /// <exception cref="SourceException">There is no object, or a given type has no column.</exception>
    public static JsonLinesSchema Find(TextChunk? first, JsonLinesOptions options)
    {
        var root = new JsonShape();
        if (first is not null)
        {
            foreach (var (start, end) in JsonLine.All(first).Take(options.SampleRows))
            {
                var line = first.Bytes[start..end];
                if (JsonLine.Fault(line) is null)
                {
                    var reader = new Utf8JsonReader(line);
                    reader.Read();
                    root.Observe(ref reader);
                }
            }
        }

        var columns = new List<ArrowField>();
        var places = Lay(root, "", options, columns);
        if (columns.Count == 0 && options.Types.Count > 0)
        {
            columns.AddRange(options.Types.Select(t => new ArrowField(t.Key, t.Value)));
            places = [.. columns.Select((c, i) => new Place(c.Name, i, null))];
        }

        if (columns.Count == 0)
        {
            throw new SourceException($"{first?.Source ?? "The file"} has no JSON object with fields among its first {options.SampleRows} lines; write one object on each line.");
        }

        return options.Types.Keys.FirstOrDefault(t => columns.TrueForAll(c => c.Name != t)) is { } unknown
            ? throw new SourceException($"'types' names '{unknown}'; {first?.Source} has the columns {string.Join(", ", columns.Take(50).Select(c => c.Name))}.")
            : new JsonLinesSchema(places, new ArrowSchema(columns));
    }

    /// <summary>What takes rows into the builders.</summary>
    public JsonFields Bind(RecordBatchBuilder builder, JsonFault fault, bool dropUnknown) => Bind(_places, "", builder, fault, dropUnknown);

    private static JsonFields Bind(IReadOnlyList<Place> places, string path, RecordBatchBuilder builder, JsonFault fault, bool dropUnknown) => new(
        [.. places.Select(p => (p.Name, p.Inner is null
            ? JsonNode.For(builder.Column(p.Column), Join(path, p.Name), fault, dropUnknown)
            : new JsonGroup(Bind(p.Inner, Join(path, p.Name), builder, fault, dropUnknown), Join(path, p.Name), fault)))], path, fault, dropUnknown);

    private static List<Place> Lay(JsonShape shape, string path, JsonLinesOptions options, List<ArrowField> columns)
    {
        var places = new List<Place>();
        foreach (var (name, field) in shape.Fields)
        {
            var full = Join(path, name);
            if (options.Flatten && field.IsOnlyObjects && !options.Types.ContainsKey(full))
            {
                places.Add(new Place(name, -1, Lay(field, full, options, columns)));
                continue;
            }

            if (columns.Exists(c => c.Name == full))
            {
                throw new SourceException($"Flattened, two fields would be called '{full}'; read them without flatten.");
            }

            places.Add(new Place(name, columns.Count, null));
            columns.Add(new ArrowField(full, options.Given(full) ?? field.Type()));
        }

        return places;
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    /// <summary>A field that is a column, or an object whose fields are.</summary>
    private sealed record Place(string Name, int Column, IReadOnlyList<Place>? Inner);
}
