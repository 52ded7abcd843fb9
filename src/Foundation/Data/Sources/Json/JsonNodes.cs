using System.Text;
using System.Text.Json;
using EventMl.Arrow;
using EventMl.Data.Sources.Text;

namespace EventMl.Data.Sources.Json;

/// <summary>The first thing that is wrong with a row.</summary>
internal sealed class JsonFault
{
    public string? Path { get; private set; }

    public string? Reason { get; private set; }

    public void Clear() => (Path, Reason) = (null, null);

    public void Set(string path, string reason)
    {
        if (Reason is null)
        {
            (Path, Reason) = (path, reason);
        }
    }
}

/// <summary>Takes the value of one field of a row; whatever is wrong with it, the column grows by one.</summary>
internal abstract class JsonNode(string path, JsonFault fault)
{
    protected string Path => path;

    protected JsonFault Fault => fault;

    /// <summary>Takes the value that the reader stands on, and leaves it at the value's end.</summary>
    public abstract void Take(ref Utf8JsonReader reader);

    /// <summary>The row has no value.</summary>
    public abstract void Missing();

    /// <summary>The node for a column, and for those inside it.</summary>
    /// <exception cref="SourceException">JSON does not become that type.</exception>
    public static JsonNode For(ColumnBuilder builder, string path, JsonFault fault, bool dropUnknown) => builder switch
    {
        StructBuilder parts => new JsonStruct(parts, path, fault, dropUnknown),
        ListBuilder list => new JsonList(list, For(list.Items, path + "[]", fault, dropUnknown), path, fault),
        _ => new JsonScalar(builder, FieldType.For(builder.Field.Type), path, fault),
    };

    protected static string Shown(ReadOnlySpan<byte> json) => Encoding.UTF8.GetString(json[..Math.Min(json.Length, 60)]) + (json.Length > 60 ? "…" : "");
}

internal sealed class JsonScalar(ColumnBuilder builder, FieldType type, string path, JsonFault fault) : JsonNode(path, fault)
{
    // Numbers in quotes are texts to whoever wrote them; dates have no other form, and decimals no other exact one.
    private readonly bool _takesText = type.Type.Kind is ArrowKind.Date32 or ArrowKind.Timestamp or ArrowKind.Decimal128 or ArrowKind.Utf8;
    private readonly bool _takesNumbers = type.Type.Kind is not (ArrowKind.Bool or ArrowKind.Date32 or ArrowKind.Timestamp);
    private byte[] _scratch = [];

    public override void Take(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            builder.AppendNull();
            return;
        }

        var fits = reader.TokenType switch
        {
            JsonTokenType.String => _takesText && TakeText(ref reader),
            JsonTokenType.Number => _takesNumbers && type.TryAppend(reader.ValueSpan, builder),
            JsonTokenType.True or JsonTokenType.False => type.Type.Kind is ArrowKind.Bool or ArrowKind.Utf8 && type.TryAppend(reader.ValueSpan, builder),
            _ => false,
        };
        if (fits)
        {
            return;
        }

        if (builder is Utf8Builder && reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
        {
            TakeRaw(ref reader);
            return;
        }

        Fault.Set(Path, $"{(reader.TokenType is JsonTokenType.StartArray ? "a list" : reader.TokenType is JsonTokenType.StartObject ? "an object" : $"'{Shown(reader.ValueSpan)}'")} is no {type.Type}");
        reader.Skip();
        builder.AppendNull();
    }

    public override void Missing() => builder.AppendNull();

    private bool TakeText(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
        {
            return type.TryAppend(reader.ValueSpan, builder);
        }

        if (_scratch.Length < reader.ValueSpan.Length)
        {
            _scratch = new byte[reader.ValueSpan.Length];
        }

        return type.TryAppend(_scratch.AsSpan(0, reader.CopyString(_scratch)), builder);
    }

    private void TakeRaw(ref Utf8JsonReader reader)
    {
        using var json = JsonDocument.ParseValue(ref reader);
        ((Utf8Builder)builder).Append(json.RootElement.GetRawText());
    }
}

internal sealed class JsonList(ListBuilder builder, JsonNode item, string path, JsonFault fault) : JsonNode(path, fault)
{
    public override void Take(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            if (reader.TokenType != JsonTokenType.Null)
            {
                Fault.Set(Path, "it is no list");
                reader.Skip();
            }

            builder.AppendNull();
            return;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            item.Take(ref reader);
        }

        builder.Append();
    }

    public override void Missing() => builder.AppendNull();
}

internal sealed class JsonStruct(StructBuilder builder, string path, JsonFault fault, bool dropUnknown) : JsonNode(path, fault)
{
    private readonly JsonFields _fields = new(
        [.. builder.Fields.Select(f => (f.Field.Name, For(f, $"{path}.{f.Field.Name}", fault, dropUnknown)))], path, fault, dropUnknown);

    public override void Take(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            if (reader.TokenType != JsonTokenType.Null)
            {
                Fault.Set(Path, "it is no object");
                reader.Skip();
            }

            builder.AppendNull();
            return;
        }

        _fields.Take(ref reader);
        builder.Append();
    }

    public override void Missing() => builder.AppendNull();
}

/// <summary>An object whose fields are columns of their own.</summary>
internal sealed class JsonGroup(JsonFields fields, string path, JsonFault fault) : JsonNode(path, fault)
{
    public override void Take(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            fields.Take(ref reader);
            return;
        }

        if (reader.TokenType != JsonTokenType.Null)
        {
            Fault.Set(Path, "it is no object");
            reader.Skip();
        }

        fields.Missing();
    }

    public override void Missing() => fields.Missing();
}
