namespace EventMl.Torch;

/// <summary>Rows of raw bytes, one sample after the other; memory-mapped memory is fine.</summary>
public readonly record struct SampleChunk(ReadOnlyMemory<byte> Samples, ReadOnlyMemory<long> Labels);

/// <summary>Raw samples in one or more chunks with a class number each, checked once.</summary>
public sealed class TrainingData
{
    private readonly ReadOnlyMemory<byte>[] _chunks;
    private readonly int[] _firstRow;
    private readonly long[] _labels;

    /// <summary>Data of one chunk; see the other constructor.</summary>
    public TrainingData(ReadOnlyMemory<byte> samples, ReadOnlyMemory<long> labels, int sampleLength, int classes)
        : this([new SampleChunk(samples, labels)], sampleLength, classes) { }

    /// <summary>Data of chunks whose samples have <paramref name="sampleLength"/> bytes; labels outside 0 … <paramref name="classes"/> − 1, other lengths or no rows give a <see cref="TorchException"/>.</summary>
    public TrainingData(IReadOnlyList<SampleChunk> chunks, int sampleLength, int classes)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        ArgumentOutOfRangeException.ThrowIfLessThan(sampleLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        (SampleLength, Classes) = (sampleLength, classes);
        _chunks = [.. chunks.Where(c => c.Labels.Length > 0 || c.Samples.Length > 0).Select(c => c.Samples)];
        _firstRow = new int[_chunks.Length];
        var labels = new List<long>();
        var index = 0;
        foreach (var (samples, classNumbers) in chunks)
        {
            if ((long)classNumbers.Length * sampleLength != samples.Length)
                throw new TorchException($"The data from row {labels.Count} on has {classNumbers.Length} labels and {samples.Length} bytes; samples have {sampleLength} bytes each.");
            if (classNumbers.Length == 0) continue;
            _firstRow[index++] = labels.Count;
            foreach (var label in classNumbers.Span)
            {
                if (label < 0 || label >= classes) throw new TorchException($"Row {labels.Count} has label {label}; the model knows the classes 0 to {classes - 1}.");
                labels.Add(label);
            }
        }

        if (labels.Count == 0) throw new TorchException("The data has no rows.");
        _labels = [.. labels];
    }

    /// <summary>Number of samples.</summary>
    public int Count => _labels.Length;

    /// <summary>Bytes per sample.</summary>
    public int SampleLength { get; }

    /// <summary>Number of classes.</summary>
    public int Classes { get; }

    /// <summary>The class number of a row.</summary>
    public long Label(int row) => _labels[row];

    /// <summary>The raw bytes of a row.</summary>
    public ReadOnlySpan<byte> Sample(int row)
    {
        var found = Array.BinarySearch(_firstRow, row);
        var chunk = found >= 0 ? found : ~found - 1;
        return _chunks[chunk].Span.Slice((row - _firstRow[chunk]) * SampleLength, SampleLength);
    }
}
