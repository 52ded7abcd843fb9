using EventMl.Arrow;
using EventMl.Torch;

namespace EventMl.Host.Jobs;

/// <summary>Reads the samples of a dataset as jobs get them: a folder of Arrow files with the model's input (or <c>image</c>), <c>label</c> and, perhaps, <c>split</c>.</summary>
internal static class DatasetFolder
{
    /// <summary>The rows of a split, batch by batch; every row belongs to <c>train</c> when there is no split.</summary>
    /// <exception cref="InvalidDataException">A column is missing or unusable, or a sample has another size than the model takes.</exception>
    public static IEnumerable<SampleChunk> Read(string folder, string split, ModelDefinition model)
    {
        var sampleLength = checked((int)model.Input.Shape.Aggregate(1L, (a, b) => a * b));
        foreach (var path in Directory.EnumerateFiles(folder, "*.arrow").Order(StringComparer.Ordinal))
        {
            using var file = ArrowFile.Open(path);
            foreach (var batch in file.Batches())
            {
                if (Select(batch, split, model.Input.Name, sampleLength, path) is { Labels.Length: > 0 } chunk)
                {
                    yield return chunk;
                }
            }
        }
    }

    private static SampleChunk Select(RecordBatch batch, string split, string input, int sampleLength, string path)
    {
        var samples = batch.Column<BytesColumn>(batch.Schema.IndexOf(input) >= 0 ? input : "image");
        var labels = batch.Column("label");
        var splits = batch.Schema.IndexOf("split") >= 0 ? batch.Column("split") : null;
        var bytes = new byte[batch.Length * sampleLength];
        var selected = new long[batch.Length];
        var count = 0;
        for (var row = 0; row < batch.Length; row++)
        {
            if ((splits is null ? "train" : Text(splits, row)) != split)
            {
                continue;
            }

            var sample = samples.GetSpan(row);
            if (sample.Length != sampleLength)
            {
                throw new InvalidDataException($"Row {row} of {Path.GetFileName(path)} has a sample of {sample.Length} bytes; the model takes {sampleLength}.");
            }

            sample.CopyTo(bytes.AsSpan(count * sampleLength));
            selected[count++] = Label(labels, row);
        }

        return new SampleChunk(bytes.AsMemory(0, count * sampleLength), selected.AsMemory(0, count));
    }

    private static string? Text(Column column, int row) => column switch
    {
        Utf8Column text => text.GetString(row),
        DictionaryColumn text => text.GetString(row),
        _ => throw new InvalidDataException("The column 'split' must hold texts such as 'train' and 'test'."),
    };

    // No class has the number -1, so that a missing label is refused by whoever checks the labels.
    private static long Label(Column column, int row) => column.Field.Type.Kind switch
    {
        _ when column.IsNull(row) => -1,
        ArrowKind.Int64 => column.Values<long>()[row],
        ArrowKind.Int32 => column.Values<int>()[row],
        ArrowKind.Int16 => column.Values<short>()[row],
        ArrowKind.UInt8 => column.Values<byte>()[row],
        _ => throw new InvalidDataException($"The column 'label' is {column.Field.Type}; it must hold whole numbers."),
    };
}
