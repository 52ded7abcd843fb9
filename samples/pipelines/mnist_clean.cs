// Cleans MNIST-like IDX files (gzipped or not) into Arrow files, one per split.
//
// Parameters: normalize (false) notes that pixels are to be read as 0..1: the bytes stay bytes, a quarter of the size of floats,
// and the factor goes into the column's metadata ("scale"); flatten (false) notes the shape 784 instead of 28,28.
using System.Globalization;
using EventMl.Arrow;
using EventMl.Lake.Formats;
using EventMl.Sdk;

const int BatchRows = 4096;
const int Classes = 10;

return Script.Run((inputPath, outputPath, parameters, job) =>
{
    var dataset = IdxDataset.Find(inputPath);
    var counts = new Dictionary<string, long>();
    var invalid = 0L;
    foreach (var (split, part) in dataset.Splits.Select((s, i) => (s, i)))
    {
        using var images = IdxFile.Open(split.ImagesPath);
        using var labels = IdxFile.Open(split.LabelsPath);
        if (images.ItemCount != labels.ItemCount)
        {
            throw new InvalidDataException($"{Path.GetFileName(split.ImagesPath)} has {images.ItemCount} images, {Path.GetFileName(split.LabelsPath)} has {labels.ItemCount} labels.");
        }

        var rows = new RecordBatchBuilder(Schema(images, parameters));
        using var file = ArrowFileWriter.Create(Path.Combine(outputPath, $"part-{part:D5}.arrow"), rows.Schema);
        var pixels = new byte[BatchRows * images.ItemSize];
        var classes = new byte[BatchRows];
        for (var done = 0; done < images.ItemCount;)
        {
            job.CancellationToken.ThrowIfCancellationRequested();
            var count = images.ReadItems(pixels);
            labels.ReadItems(classes.AsSpan(0, count));
            for (var i = 0; i < count; i++)
            {
                if (classes[i] >= Classes)
                {
                    invalid++;
                    continue;
                }

                rows.Column<BinaryBuilder>("image").Append(pixels.AsSpan(i * images.ItemSize, images.ItemSize));
                rows.Column<PrimitiveBuilder<long>>("label").Append(classes[i]);
                rows.Column<Utf8Builder>("split").Append(split.Name);
            }

            file.Write(rows.Build());
            done += count;
            job.Progress(done, images.ItemCount, split.Name);
        }

        file.Finish();
        counts[split.Name] = file.RowCount;
    }

    return new
    {
        total_records = counts.Values.Sum(),
        train_records = counts.GetValueOrDefault("train"),
        test_records = counts.GetValueOrDefault("test"),
        invalid_records = invalid,
    };
});

static ArrowSchema Schema(IdxFile images, ScriptParameters parameters)
{
    var shape = images.Dimensions.Skip(1).ToArray();
    var metadata = new Dictionary<string, string>
    {
        ["shape"] = parameters.Boolean("flatten", false) ? images.ItemSize.ToString(CultureInfo.InvariantCulture) : string.Join(',', shape),
        ["dtype"] = "uint8",
    };
    if (parameters.Boolean("normalize", false))
    {
        metadata["scale"] = (1 / 255.0).ToString(CultureInfo.InvariantCulture);
    }

    return new ArrowSchema(
    [
        new ArrowField("image", ArrowType.Of(ArrowKind.Binary), nullable: false, metadata),
        new ArrowField("label", ArrowType.Of(ArrowKind.Int64), nullable: false),
        new ArrowField("split", ArrowType.Of(ArrowKind.Utf8), nullable: false),
    ]);
}
