using System.Globalization;
using EventMl.Arrow;

namespace EventMl.Lake.Formats;

public sealed partial class IdxDataset
{
    private const int MaxBatchBytes = 1 << 28;

    /// <summary>
    /// Writes the dataset of a folder as <c>part-00000.arrow</c>, … with the columns <c>image</c> (binary; metadata <c>shape</c> and
    /// <c>dtype</c>), <c>label</c> (int64) and <c>split</c> (<c>train</c> or <c>test</c>), in the files' own order, train before test.
    /// </summary>
    /// <exception cref="IdxFormatException">A file is missing or damaged, the counts differ, or a label is out of range.</exception>
    public static IdxStats WriteArrow(string inputFolder, string outputFolder, IdxArrowOptions? options = null, IProgress<IdxProgress>? progress = null, CancellationToken ct = default)
    {
        options ??= new IdxArrowOptions();
        var dataset = Find(inputFolder);
        var sources = new List<Source>();
        try
        {
            foreach (var split in dataset.Splits)
                sources.Add(Source.Open(split));
            foreach (var other in sources.Skip(1))
            {
                if (other.Shape != sources[0].Shape)
                    throw new IdxFormatException($"{Path.GetFileName(other.Split.ImagesPath)} has images of {other.Shape}; {Path.GetFileName(sources[0].Split.ImagesPath)} has {sources[0].Shape}. All splits need one shape.");
            }

            Directory.CreateDirectory(outputFolder);
            using var output = new Output(outputFolder, sources[0].Shape, options, sources.Sum(s => (long)s.Images.ItemCount), progress);
            foreach (var source in sources)
                Copy(source, output, options, ct);
            output.Finish();
            long Count(string split) => sources.Where(s => s.Split.Name == split).Sum(s => (long)s.Images.ItemCount);
            return new IdxStats(Count("train") + Count("test"), Count("train"), Count("test"));
        }
        finally
        {
            foreach (var source in sources)
                source.Dispose();
        }
    }

    private static void Copy(Source source, Output output, IdxArrowOptions options, CancellationToken ct)
    {
        var batchRows = Math.Clamp(MaxBatchBytes / source.Images.ItemSize, 1, options.BatchRows);
        var images = new byte[batchRows * source.Images.ItemSize];
        var labels = new byte[batchRows];
        long done = 0;
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            var rows = source.Labels.ReadItems(labels);
            _ = source.Images.ReadItems(images);
            if (rows == 0)
                return;
            var bad = labels.AsSpan(0, rows).IndexOfAnyInRange((byte)Math.Min(options.Classes, 255), byte.MaxValue);
            if (bad >= 0 && labels[bad] >= options.Classes)
                throw new IdxFormatException($"{Path.GetFileName(source.Split.LabelsPath)} has the label {labels[bad]} at item {done + bad}; labels from 0 to {options.Classes - 1} were expected.");
            output.Write(images.AsSpan(0, rows * source.Images.ItemSize), labels.AsSpan(0, rows), source.Split.Name);
            done += rows;
        }
    }

    private sealed record Source(IdxSplit Split, IdxFile Images, IdxFile Labels) : IDisposable
    {
        public string Shape => string.Join(',', Images.Dimensions.Skip(1).Select(d => d.ToString(CultureInfo.InvariantCulture)));

        public static Source Open(IdxSplit split)
        {
            var images = IdxFile.Open(split.ImagesPath);
            IdxFile? labels = null;
            try
            {
                labels = IdxFile.Open(split.LabelsPath);
                var source = new Source(split, images, labels);
                Expect(split.ImagesPath, source.Images, 3);
                Expect(split.LabelsPath, source.Labels, 1);
                return source.Images.ItemCount == source.Labels.ItemCount
                    ? source
                    : throw new IdxFormatException($"{Path.GetFileName(split.ImagesPath)} has {source.Images.ItemCount} images; {Path.GetFileName(split.LabelsPath)} has {source.Labels.ItemCount} labels. There must be one label per image.");
            }
            catch
            {
                images.Dispose();
                labels?.Dispose();
                throw;
            }
        }

        public void Dispose()
        {
            Images.Dispose();
            Labels.Dispose();
        }

        private static void Expect(string path, IdxFile file, int dimensions)
        {
            if (file.ElementType != IdxElementType.UnsignedByte || file.Dimensions.Count != dimensions || file.ItemSize == 0)
                throw new IdxFormatException($"{Path.GetFileName(path)} holds {string.Join(" × ", file.Dimensions)} of {file.ElementType}; unsigned bytes in {dimensions} dimension{(dimensions == 1 ? "" : "s")} were expected.");
        }
    }

    /// <summary>The Arrow files being written, one after the other.</summary>
    private sealed class Output(string folder, string shape, IdxArrowOptions options, long total, IProgress<IdxProgress>? progress) : IDisposable
    {
        private readonly RecordBatchBuilder _builder = new(new ArrowSchema(
        [
            new ArrowField("image", ArrowType.Of(ArrowKind.Binary), nullable: false, new Dictionary<string, string> { ["shape"] = shape, ["dtype"] = "uint8" }),
            new ArrowField("label", ArrowType.Of(ArrowKind.Int64), nullable: false),
            new ArrowField("split", ArrowType.Of(ArrowKind.Utf8), nullable: false),
        ]));

        private ArrowFileWriter? _writer;
        private int _parts;
        private long _records;

        public void Write(ReadOnlySpan<byte> images, ReadOnlySpan<byte> labels, string split)
        {
            _builder.Column<BinaryBuilder>("image").AppendRows(images, images.Length / labels.Length);
            var label = _builder.Column<PrimitiveBuilder<long>>("label");
            var name = _builder.Column<Utf8Builder>("split");
            foreach (var value in labels)
            {
                label.Append(value);
                name.Append(split);
            }

            if (_writer is not null && _writer.RowCount + labels.Length > options.RowsPerFile)
                FinishPart();
            _writer ??= ArrowFileWriter.Create(Path.Combine(folder, $"part-{_parts++:D5}.arrow"), _builder.Schema);
            _writer.Write(_builder.Build());
            _records += labels.Length;
            progress?.Report(new IdxProgress(_records, total));
        }

        public void Finish()
        {
            // Even a dataset without rows has a file, which carries its columns.
            if (_parts == 0)
                _writer = ArrowFileWriter.Create(Path.Combine(folder, "part-00000.arrow"), _builder.Schema);
            FinishPart();
        }

        public void Dispose() => _writer?.Dispose();

        private void FinishPart()
        {
            _writer?.Finish();
            _writer?.Dispose();
            _writer = null;
        }
    }
}
