using System.Text.Json;
using EventMl.Arrow;
using EventMl.Data.Sources.Csv;
using EventMl.Data.Sources.Images;
using EventMl.Data.Sources.Json;
using EventMl.Data.Sources.Sql;
using EventMl.Data.Sources.Text;
using EventMl.Data.Splitting;

namespace EventMl.Data.Sources;

/// <summary>What an ingestion without a script was asked for, understood and checked; the same at the door and in the job.</summary>
public sealed record SourceRequest
{
    /// <summary>The MNIST family's files, which have a reader of their own.</summary>
    public const string Idx = "idx";

    /// <summary>A query of a PostgreSQL database.</summary>
    public const string Sql = "sql";

    private delegate IBatchSource Opener(SourceContext context);

    /// <summary>The sources by name.</summary>
    public static IReadOnlyList<string> All { get; } = [Idx, "csv", "tsv", "jsonl", "arrow", "images", Sql];

    /// <summary>One of <see cref="All"/>.</summary>
    public required string Source { get; init; }

    /// <summary>Whether the rows are appended to the latest version's instead of replacing them.</summary>
    public bool IsAppend { get; private init; }

    /// <summary>How many bad rows are allowed: by default one in ten.</summary>
    public BadRowLimit BadRows { get; private init; } = BadRowLimit.OfShare(0.1);

    /// <summary>How rows are parted; null when they are not.</summary>
    public SplitOptions? Split { get; private init; }

    /// <summary>For idx: how many classes there are.</summary>
    public int Classes { get; private init; } = 10;

    /// <summary>For sql: the name of the connection.</summary>
    public string? Connection { get; private init; }

    /// <summary>Understands the parameters of an ingestion.</summary>
    /// <exception cref="SourceException">There is no such source, an option does not exist or has a wrong value; the message says what to do.</exception>
    public static SourceRequest Parse(string source, JsonElement parameters)
    {
        if (!All.Contains(source, StringComparer.Ordinal))
        {
            throw new SourceException($"'source' must be one of: {string.Join(", ", All)}.");
        }

        var read = new SourceParameters(parameters, $"'params' of source {source}");
        var request = new SourceRequest
        {
            Source = source,
            IsAppend = Mode(read),
            BadRows = Limit(read),
            Split = source == Idx ? null : ParseSplit(read),
            Classes = source == Idx ? read.Number("classes", 10, 1, 256) : 10,
            Connection = source == Sql ? read.Required("connection", "warehouse") : null,
            _open = ParseSource(source, read),
        };
        read.Finish();
        return request;
    }

    /// <summary>Opens the source.</summary>
    /// <exception cref="SourceException">It cannot be read.</exception>
    /// <exception cref="InvalidOperationException">It has a reader of its own (<see cref="Idx"/>).</exception>
    public IBatchSource Open(SourceContext context) => _open?.Invoke(context) ?? throw new InvalidOperationException($"{Source} has a reader of its own.");

    private Opener? _open;

    private static bool Mode(SourceParameters read) => read.Text("mode") switch
    {
        null or "overwrite" => false,
        "append" => true,
        _ => throw read.Wrong("mode", "\"overwrite\" or \"append\""),
    };

    private static BadRowLimit Limit(SourceParameters read) => read.Find("max_bad_rows") is not { } value ? BadRowLimit.OfShare(0.1)
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var rows) && rows >= 0 ? BadRowLimit.OfRows(rows)
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var share) && share is >= 0 and <= 1 ? BadRowLimit.OfShare(share)
        : throw read.Wrong("max_bad_rows", "a number of rows such as 100, or a share such as 0.05");

    private static SplitOptions? ParseSplit(SourceParameters parameters)
    {
        if (parameters.Find("split") is not { } json)
        {
            return null;
        }

        var read = new SourceParameters(json, "'split'");
        // In one order wherever the request was kept meanwhile: a ledger does not keep the order of members.
        var shares = read.Members("shares", "an object such as {\"train\": 0.8, \"test\": 0.2}")
            .Select(m => (m.Name, Share: m.Value.ValueKind == JsonValueKind.Number ? m.Value.GetDouble() : throw read.Wrong("shares", "an object of numbers")))
            .OrderBy(m => m.Name, StringComparer.Ordinal).ToArray();
        var options = new SplitOptions
        {
            Column = read.Text("column") ?? "split",
            Keys = read.Texts("keys") ?? [],
            Seed = read.Number("seed", 0, int.MinValue, int.MaxValue),
        };
        options = shares.Length > 0 ? options with { Shares = shares } : options;
        read.Finish();
        _ = new SplitStage(options);
        return options;
    }

    private static Opener? ParseSource(string source, SourceParameters read)
    {
        switch (source)
        {
            case "csv" or "tsv":
                var csv = Texts(read, new CsvOptions
                {
                    Delimiter = read.Byte("delimiter") ?? (byte)(source == "tsv" ? '\t' : ','),
                    HasHeader = read.Flag("header", true),
                    Columns = read.Texts("columns"),
                    NullWords = read.Texts("nulls") ?? [],
                    Comment = read.Byte("comment"),
                });
                return c => CsvSource.Open(InputFiles.List(c.Input, $".{source}", $".{source}.gz", ".txt"), csv with { KnownTypes = c.KnownTypes }, c.BadRows);
            case "jsonl":
                var json = Texts(read, new JsonLinesOptions
                {
                    Flatten = read.Flag("flatten", false),
                    DropUnknownFields = read.Text("unknown_fields") switch
                    {
                        null or "quarantine" => false,
                        "drop" => true,
                        _ => throw read.Wrong("unknown_fields", "\"quarantine\" or \"drop\""),
                    },
                });
                return c => JsonLinesSource.Open(InputFiles.List(c.Input, ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz"), json with { KnownTypes = c.KnownTypes }, c.BadRows);
            case "arrow":
                return c => ArrowSource.Open(InputFiles.List(c.Input, ".arrow", ".arrows", ".feather"));
            case "images":
                var images = new ImageOptions
                {
                    KeepEncoded = read.Flag("encoded", false),
                    Width = read.Optional("width", 1, 1 << 16),
                    Height = read.Optional("height", 1, 1 << 16),
                    Channels = read.Optional("channels", 1, 3),
                    Labels = read.Texts("labels"),
                };
                return c => ImageSource.Open(c.Input, images, c.BadRows);
            case Sql:
                var (query, scale) = (read.Required("query", "select id, price from orders"), read.Number("numeric_scale", 9, 0, 38));
                return c => SqlSource.Open(new SqlOptions { ConnectionString = c.ConnectionString!, Query = query, DefaultScale = scale }, c.BadRows);
            default:
                return null;
        }
    }

    private static T Texts<T>(SourceParameters read, T options)
        where T : TextOptions => options with
        {
            Types = read.Members("types", "an object such as {\"zip\": \"string\"}").ToDictionary(
                m => m.Name, m => m.Value.ValueKind == JsonValueKind.String ? Check(TypeNames.Parse(m.Value.GetString()!)) : throw read.Wrong("types", "an object of type names"), StringComparer.Ordinal),
            SampleRows = read.Number("sample_rows", options.SampleRows, 1, 10_000_000),
            MaxRowBytes = read.Number("max_row_bytes", options.MaxRowBytes, 1024, 1 << 30),
            MaxUnpackRatio = read.Real("max_unpack_ratio", options.MaxUnpackRatio, 1, 1e9),
        };

    private static ArrowType Check(ArrowType type) => FieldType.For(type).Type;
}

/// <summary>What a source is opened with.</summary>
/// <param name="Input">Path of the file or folder; empty for <c>sql</c>.</param>
/// <param name="ConnectionString">For <c>sql</c>: the connection behind the request's name.</param>
/// <param name="KnownTypes">Types of the columns of the version that is appended to, by name.</param>
/// <param name="BadRows">Takes the rows that are kept out.</param>
public sealed record SourceContext(string Input, string? ConnectionString, IReadOnlyDictionary<string, ArrowType> KnownTypes, IBadRowSink BadRows);
