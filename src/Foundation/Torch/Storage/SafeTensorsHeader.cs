using System.Text.Json;
using static EventMl.Torch.torch;

namespace EventMl.Torch.Storage;

/// <summary>Where one tensor lies in a safetensors file: byte offsets from the end of the header.</summary>
internal sealed record SafeTensorsEntry(string Name, ScalarType Type, long[] Shape, long Begin, long End);

/// <summary>Reads and checks the JSON header of safetensors bytes from anywhere; every fault is a <see cref="TorchException"/>.</summary>
internal static class SafeTensorsHeader
{
    public const int MaxBytes = 100_000_000;
    private const int MaxRank = 64;

    private static readonly Dictionary<string, ScalarType> Types = new(StringComparer.Ordinal)
    {
        ["U8"] = ScalarType.Byte, ["I8"] = ScalarType.Int8, ["I16"] = ScalarType.Int16, ["I32"] = ScalarType.Int32, ["I64"] = ScalarType.Int64,
        ["F16"] = ScalarType.Float16, ["F32"] = ScalarType.Float32, ["F64"] = ScalarType.Float64, ["BOOL"] = ScalarType.Bool, ["BF16"] = ScalarType.BFloat16,
    };

    public static string NameOf(ScalarType type) => Types.First(t => t.Value == type).Key;

    public static (List<SafeTensorsEntry> Entries, Dictionary<string, string> Metadata) Parse(ReadOnlySpan<byte> json, long dataBytes)
    {
        var entries = new List<SafeTensorsEntry>();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
        try
        {
            Expect(ref reader, JsonTokenType.StartObject, "the header");
            while (Next(ref reader) == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                if (!names.Add(name)) throw Broken($"the name '{name}' occurs twice");
                if (name == "__metadata__") ReadMetadata(ref reader, metadata);
                else entries.Add(ReadEntry(ref reader, name));
            }

            if (reader.Read()) throw Broken("there is text after the header's object");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new TorchException($"Not a safetensors file: the header is no valid JSON of the format ({e.Message})", e);
        }

        CheckLayout(entries, dataBytes);
        return (entries, metadata);
    }

    // The format allows neither holes nor overlaps: the tensors in order of offset cover the data exactly.
    private static void CheckLayout(List<SafeTensorsEntry> entries, long dataBytes)
    {
        var position = 0L;
        foreach (var entry in entries.OrderBy(e => e.Begin).ThenBy(e => e.End))
        {
            if (entry.Begin < position) throw Broken($"'{entry.Name}' at bytes {entry.Begin}–{entry.End} overlaps another tensor");
            if (entry.Begin > position) throw Broken($"nothing is said about the bytes {position}–{entry.Begin}, before '{entry.Name}'");
            if (entry.End > dataBytes) throw Broken($"'{entry.Name}' ends at byte {entry.End}, but there are only {dataBytes} bytes of data; the file is cut off");
            position = entry.End;
        }

        if (position != dataBytes) throw Broken($"{dataBytes - position} bytes after the last tensor belong to none");
    }

    private static SafeTensorsEntry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        ScalarType? type = null;
        long[]? shape = null, offsets = null;
        Expect(ref reader, JsonTokenType.StartObject, $"'{name}'");
        while (Next(ref reader) == JsonTokenType.PropertyName)
        {
            var field = reader.GetString();
            switch (field)
            {
                case "dtype" when type is null:
                    Expect(ref reader, JsonTokenType.String, $"dtype of '{name}'");
                    type = Types.TryGetValue(reader.GetString()!, out var known) ? known : throw Broken($"'{name}' has the unknown dtype '{reader.GetString()}'");
                    break;
                case "shape" when shape is null: shape = ReadNumbers(ref reader, $"shape of '{name}'"); break;
                case "data_offsets" when offsets is null: offsets = ReadNumbers(ref reader, $"data_offsets of '{name}'"); break;
                default: throw Broken($"'{name}' has the unknown or repeated field '{field}'");
            }
        }

        if (type is null || shape is null || offsets is not [var begin, var end]) throw Broken($"'{name}' needs dtype, shape and two data_offsets");
        if (begin > end) throw Broken($"'{name}' ends at byte {end} before it begins at {begin}");
        var bytes = (Int128)SizeOf(type.Value);
        foreach (var length in shape)
        {
            bytes *= length;
            if (bytes > long.MaxValue) throw Broken($"'{name}' has a shape of more than {long.MaxValue} bytes");
        }

        if (bytes != end - begin) throw Broken($"'{name}' of shape [{string.Join(", ", shape)}] needs {bytes} bytes, not {end - begin}");
        return new SafeTensorsEntry(name, type.Value, shape, begin, end);
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, Dictionary<string, string> metadata)
    {
        Expect(ref reader, JsonTokenType.StartObject, "__metadata__");
        while (Next(ref reader) == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            Expect(ref reader, JsonTokenType.String, $"__metadata__ '{key}'");
            if (!metadata.TryAdd(key, reader.GetString()!)) throw Broken($"the metadata '{key}' occurs twice");
        }
    }

    private static long[] ReadNumbers(ref Utf8JsonReader reader, string what)
    {
        var numbers = new List<long>();
        Expect(ref reader, JsonTokenType.StartArray, what);
        while (Next(ref reader) == JsonTokenType.Number)
        {
            if (!reader.TryGetInt64(out var number) || number < 0) throw Broken($"the {what} holds a number that is no whole number of 0 or more");
            numbers.Add(number);
            if (numbers.Count > MaxRank) throw Broken($"the {what} holds more than {MaxRank} numbers");
        }

        if (reader.TokenType != JsonTokenType.EndArray) throw Broken($"the {what} holds something that is no number");
        return [.. numbers];
    }

    private static JsonTokenType Next(ref Utf8JsonReader reader) => reader.Read() ? reader.TokenType : throw Broken("the header ends too early");

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (Next(ref reader) != type) throw Broken($"{what} is not of the expected kind ({type})");
    }

    public static TorchException Broken(string what) => new($"Not a valid safetensors file: {what}.");
}
