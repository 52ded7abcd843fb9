using EventMl.Arrow;

namespace EventMl.Lake.Storage;

/// <summary>Writes new Arrow files of a dataset: first into a local folder of its own, then whole into the storage.</summary>
internal sealed class TableWriter(LakeTable table, string workFolder) : IDisposable
{
    private int _files;

    /// <summary>Bytes stored so far.</summary>
    public long Bytes { get; private set; }

    public async Task<ManifestFile> WriteAsync(string folder, ArrowSchema schema, IEnumerable<RecordBatch> batches, CancellationToken ct)
    {
        var path = NewFile();
        using (var file = Create(path, schema))
        {
            foreach (var batch in batches)
            {
                ct.ThrowIfCancellationRequested();
                file.Write(batch);
            }

            file.Finish();
        }

        return await StoreAsync(folder, path, ct);
    }

    /// <summary>A path in the local folder that nothing has.</summary>
    public string NewFile()
    {
        Directory.CreateDirectory(workFolder);
        return Path.Combine(workFolder, $"{_files++}.arrow");
    }

    public async Task<ManifestFile> StoreAsync(string folder, string localFile, CancellationToken ct)
    {
        var hash = await DurableFiles.HashAsync(localFile, ct);
        var path = LakeTable.NewPath(folder, hash, ".arrow");
        var bytes = new FileInfo(localFile).Length;
        await table.Storage.StoreAsync($"{table.Folder}/{path}", localFile, ct);
        File.Delete(localFile);
        Bytes += bytes;
        return new ManifestFile(path, bytes, hash);
    }

    public static ArrowFileWriter Create(string path, ArrowSchema schema)
    {
        try
        {
            return ArrowFileWriter.Create(path, schema);
        }
        catch (NotSupportedException e)
        {
            throw new LakeException($"The columns ({schema}) cannot be written: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(workFolder))
            Directory.Delete(workFolder, recursive: true);
    }
}
