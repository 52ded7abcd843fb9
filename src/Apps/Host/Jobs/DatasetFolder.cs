using EventMl.Arrow;
using EventMl.Torch;

namespace EventMl.Host.Jobs;

/// <summary>Reads the images of a dataset as jobs get them: a folder of Arrow files with <c>image</c>, <c>label</c> and, perhaps, <c>split</c>.</summary>
internal static class DatasetFolder
{
    /// <summary>The rows of a split; null when there are none.</summary>
    /// <exception cref="InvalidDataException">A column is missing or a sample has another size than the model takes.</exception>
    public static TrainingData? Read(string folder, string split, ModelDefinition model)
    {
        var sampleLength = (int)model.Input.Shape.Aggregate(1L, (a, b) => a * b);
        var chunks = new List<SampleChunk>();
        foreach (var path in Directory.EnumerateFiles(folder, "*.arrow").Order(StringComparer.Ordinal))
        {
            using var file = ArrowFile.Open(path);
            foreach (var batch in file.Batches())
            {
                chunks.Add(Select(batch, split, sampleLength, path));
            }
        }

        return chunks.All(c => c.Labels.Length == 0) ? null : new TrainingData(chunks, sampleLength, model.Output.Classes);
    }

    private static SampleChunk Select(RecordBatch batch, string split, int sampleLength, string path)
    {
        var images = batch.Column<BytesColumn>("image");
        var labels = batch.Column("label").Values<long>();
        var splits = batch.Schema.IndexOf("split") >= 0 ? batch.Column<Utf8Column>("split") : null;
        var samples = new byte[batch.Length * sampleLength];
        var selected = new long[batch.Length];
        var count = 0;
        for (var row = 0; row < batch.Length; row++)
        {
            if ((splits?.GetString(row) ?? "train") != split)
            {
                continue;
            }

            var image = images.GetSpan(row);
            if (image.Length != sampleLength)
            {
                throw new InvalidDataException($"Row {row} of {Path.GetFileName(path)} has an image of {image.Length} bytes; the model takes {sampleLength}.");
            }

            image.CopyTo(samples.AsSpan(count * sampleLength));
            selected[count++] = labels[row];
        }

        return new SampleChunk(samples.AsMemory(0, count * sampleLength), selected.AsMemory(0, count));
    }
}
