using System.Text.Json;
using System.Text.Unicode;
using EventMl.Arrow;
using EventMl.Data.Sources.Text;

namespace EventMl.Data.Sources.Json;

/// <summary>Texts with a JSON object on each line, gzip or not.</summary>
public sealed class JsonLinesSource : IBatchSource
{
    private readonly Texts _texts;

    private JsonLinesSource(IReadOnlyList<Func<TextInput>> inputs, long bytes, JsonLinesOptions options, IBadRowSink badRows) => _texts = new Texts(inputs, bytes, options, badRows);

    /// <inheritdoc />
    public ArrowSchema Schema => _texts.Schema;

    /// <inheritdoc />
    public SourceProgress Progress => _texts.Progress;

    /// <summary>Files, read in the order given; the first one's beginning decides on the columns.</summary>
    /// <exception cref="SourceException">The first file cannot be read, or has no object.</exception>
    public static JsonLinesSource Open(IReadOnlyList<string> paths, JsonLinesOptions options, IBadRowSink badRows) =>
        new([.. paths.Select(p => (Func<TextInput>)(() => TextInput.Open(p, options.MaxUnpackRatio)))], InputFiles.Size(paths), options, badRows);

    /// <summary>A stream, a pipe for instance, which the source then owns.</summary>
    /// <exception cref="SourceException">The stream has no object.</exception>
    public static JsonLinesSource Open(Stream stream, string name, JsonLinesOptions options, IBadRowSink badRows) =>
        new([() => new TextInput(stream, name, options.MaxUnpackRatio)], 0, options, badRows);

    /// <inheritdoc />
    public IEnumerable<RecordBatch> Read(CancellationToken cancellationToken) => _texts.Read(cancellationToken);

    /// <inheritdoc />
    public void Dispose() => _texts.Dispose();

    private sealed class Texts : TextSource<TextChunk>
    {
        private readonly JsonLinesOptions _options;
        private readonly JsonLinesSchema _schema;

        public Texts(IReadOnlyList<Func<TextInput>> inputs, long bytes, JsonLinesOptions options, IBadRowSink badRows)
            : base(inputs, bytes, options, badRows)
        {
            _options = options;
            try
            {
                _schema = JsonLinesSchema.Find(Begin(), options);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public override ArrowSchema Schema => _schema.Arrow;

        protected override TextScanner<TextChunk> Scan(TextInput input) => new LineScanner(input, _options);

        protected override void CheckStart(TextChunk first)
        {
            // Fields have names of their own in every row.
        }

        protected override ParsedChunk Parse(TextChunk chunk)
        {
            var bad = new SortedDictionary<int, BadRow>();
            var batch = Build(chunk, bad, isRetry: false);
            return new ParsedChunk(bad.Count > 0 ? Build(chunk, bad, isRetry: true) : batch, [.. bad.Values]);
        }

        private RecordBatch Build(TextChunk chunk, SortedDictionary<int, BadRow> bad, bool isRetry)
        {
            var builder = new RecordBatchBuilder(Schema);
            var fault = new JsonFault();
            var fields = _schema.Bind(builder, fault, _options.DropUnknownFields);
            foreach (var (start, end) in JsonLine.All(chunk))
            {
                if (isRetry && bad.ContainsKey(start))
                {
                    continue;
                }

                var line = chunk.Bytes[start..end];
                if (JsonLine.Fault(line) is { } broken)
                {
                    bad[start] = chunk.Bad(start, end, null, broken);
                    continue;
                }

                fault.Clear();
                var reader = new Utf8JsonReader(line);
                reader.Read();
                fields.Take(ref reader);
                if (fault.Reason is { } reason)
                {
                    bad[start] = chunk.Bad(start, end, fault.Path, reason);
                }
            }

            return builder.Build();
        }
    }
}

/// <summary>The lines of a chunk.</summary>
internal static class JsonLine
{
    /// <summary>Where each line stands that is not blank.</summary>
    public static IEnumerable<(int Start, int End)> All(TextChunk chunk)
    {
        for (var start = 0; start < chunk.Length;)
        {
            var found = chunk.Bytes[start..].IndexOf((byte)'\n');
            var end = found < 0 ? chunk.Length : start + found;
            if (chunk.Bytes[start..end].IndexOfAnyExcept(" \t\r"u8) >= 0)
            {
                yield return (start, end);
            }

            start = end + 1;
        }
    }

    /// <summary>Why a line is no JSON object, or null.</summary>
    public static string? Fault(ReadOnlySpan<byte> line)
    {
        if (!Utf8.IsValid(line))
        {
            return "it is not valid UTF-8";
        }

        try
        {
            var reader = new Utf8JsonReader(line);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return "it is no JSON object";
            }

            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String && reader.ValueIsEscaped)
                {
                    _ = reader.GetString();
                }
            }

            return null;
        }
        catch (JsonException e)
        {
            return $"it is no JSON: {e.Message}";
        }
        catch (InvalidOperationException)
        {
            return "it has half of a surrogate pair, which is no text";
        }
    }
}
