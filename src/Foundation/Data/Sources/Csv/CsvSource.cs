using EventMl.Arrow;
using EventMl.Data.Sources.Text;

namespace EventMl.Data.Sources.Csv;

/// <summary>CSV or TSV texts, gzip or not, with one header.</summary>
public sealed class CsvSource : IBatchSource
{
    private readonly Texts _texts;

    private CsvSource(IReadOnlyList<Func<TextInput>> inputs, long bytes, CsvOptions options, IBadRowSink badRows) => _texts = new Texts(inputs, bytes, options, badRows);

    /// <inheritdoc />
    public ArrowSchema Schema => _texts.Schema;

    /// <inheritdoc />
    public SourceProgress Progress => _texts.Progress;

    /// <summary>Files, read in the order given; the first one's header and beginning decide on the columns.</summary>
    /// <exception cref="SourceException">The first file cannot be read, or has no usable header.</exception>
    public static CsvSource Open(IReadOnlyList<string> paths, CsvOptions options, IBadRowSink badRows) =>
        new([.. paths.Select(p => (Func<TextInput>)(() => TextInput.Open(p, options.MaxUnpackRatio)))], InputFiles.Size(paths), options, badRows);

    /// <summary>A stream, a pipe for instance, which the source then owns.</summary>
    /// <exception cref="SourceException">The stream has no usable header.</exception>
    public static CsvSource Open(Stream stream, string name, CsvOptions options, IBadRowSink badRows) =>
        new([() => new TextInput(stream, name, options.MaxUnpackRatio)], 0, options, badRows);

    /// <inheritdoc />
    public IEnumerable<RecordBatch> Read(CancellationToken cancellationToken) => _texts.Read(cancellationToken);

    /// <inheritdoc />
    public void Dispose() => _texts.Dispose();

    private sealed class Texts : TextSource<CsvChunk>
    {
        private readonly CsvOptions _options;
        private readonly CsvParser _parser;

        public Texts(IReadOnlyList<Func<TextInput>> inputs, long bytes, CsvOptions options, IBadRowSink badRows)
            : base(inputs, bytes, options, badRows)
        {
            _options = options;
            try
            {
                Schema = CsvSchema.Find(Begin(), options);
                _parser = new CsvParser(Schema, options);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public override ArrowSchema Schema { get; }

        protected override TextScanner<CsvChunk> Scan(TextInput input) => new CsvScanner(input, _options);

        protected override void CheckStart(CsvChunk first) => CsvSchema.CheckHeader(first, Schema, _options);

        protected override ParsedChunk Parse(CsvChunk chunk) => _parser.Parse(chunk);
    }
}
