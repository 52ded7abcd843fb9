namespace EventMl.Lake.Formats;

/// <summary>The image and label files of one split.</summary>
public sealed record IdxSplit(string Name, string ImagesPath, string LabelsPath);

/// <summary>How IDX data become Arrow files.</summary>
public sealed record IdxArrowOptions
{
    /// <summary>Rows per batch.</summary>
    public int BatchRows { get; init; } = 4096;

    /// <summary>Rows per file before another one is begun.</summary>
    public int RowsPerFile { get; init; } = 1 << 20;

    /// <summary>How many classes there are: labels must be smaller.</summary>
    public int Classes { get; init; } = 10;
}

/// <summary>How many records were written.</summary>
public sealed record IdxStats(long TotalRecords, long TrainRecords, long TestRecords);

/// <summary>How far the writing is.</summary>
public sealed record IdxProgress(long Records, long TotalRecords);

/// <summary>A folder with a dataset of the MNIST family.</summary>
public sealed partial class IdxDataset
{
    private static readonly (string Split, string[] Stems)[] s_splits = [("train", ["train"]), ("test", ["t10k", "test"])];

    private IdxDataset(string folder, IReadOnlyList<IdxSplit> splits)
    {
        Folder = folder;
        Splits = splits;
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>The splits found: <c>train</c>, <c>test</c> or both.</summary>
    public IReadOnlyList<IdxSplit> Splits { get; }

    /// <summary>Finds the pairs <c>{train,t10k,test}-{images-idx3,labels-idx1}-ubyte[.gz]</c> of a folder.</summary>
    /// <exception cref="IdxFormatException">There is no pair, or half of one.</exception>
    public static IdxDataset Find(string folder)
    {
        if (!Directory.Exists(folder))
            throw new IdxFormatException($"The folder {folder} does not exist; one with train-images-idx3-ubyte[.gz] and train-labels-idx1-ubyte[.gz] was expected.");
        var splits = new List<IdxSplit>();
        foreach (var (split, stems) in s_splits)
        {
            foreach (var stem in stems)
            {
                var images = Existing(folder, stem, "images", 3);
                var labels = Existing(folder, stem, "labels", 1);
                if (images is not null && labels is not null)
                {
                    splits.Add(new IdxSplit(split, images, labels));
                    break;
                }

                if (images is not null || labels is not null)
                    throw new IdxFormatException($"{folder} has {Path.GetFileName(images ?? labels)} but no {stem}-{(images is null ? "images-idx3" : "labels-idx1")}-ubyte[.gz]; images and labels come in pairs.");
            }
        }

        return splits.Count > 0
            ? new IdxDataset(folder, splits)
            : throw new IdxFormatException($"{folder} has no IDX dataset; train-images-idx3-ubyte[.gz] and train-labels-idx1-ubyte[.gz] (and the same with t10k) were expected.");
    }

    private static string? Existing(string folder, string stem, string what, int dimensions)
    {
        string[] names = [$"{stem}-{what}-idx{dimensions}-ubyte", $"{stem}-{what}.idx{dimensions}-ubyte"];
        return names.SelectMany(n => (string[])[n, n + ".gz"]).Select(n => Path.Combine(folder, n)).FirstOrDefault(File.Exists);
    }
}
