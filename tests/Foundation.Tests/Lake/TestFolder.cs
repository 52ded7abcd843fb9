using EventMl.Arrow;

namespace EventMl.Foundation.Tests.Lake;

/// <summary>A temporary folder with helpers that fill staging folders.</summary>
internal sealed class TestFolder : IDisposable
{
    public static readonly ArrowSchema Schema = new([new ArrowField("x", ArrowType.Of(ArrowKind.Int64), nullable: false), new ArrowField("s", ArrowType.Of(ArrowKind.Utf8))]);

    private int _staged;

    public string Root { get; } = Directory.CreateTempSubdirectory("eventml-lake-").FullName;

    public string At(string path) => Path.Combine(Root, path);

    /// <summary>A staging folder with one Arrow file for each array of values.</summary>
    public string Stage(params long[][] files)
    {
        var folder = At($"staging-{_staged++}");
        Directory.CreateDirectory(folder);
        for (var i = 0; i < files.Length; i++)
            WriteArrow(Path.Combine(folder, $"part-{i:D5}.arrow"), Schema, files[i]);
        return folder;
    }

    public static void WriteArrow(string path, ArrowSchema schema, params long[] values)
    {
        using var writer = ArrowFileWriter.Create(path, schema);
        var batch = new RecordBatchBuilder(schema);
        foreach (var value in values)
        {
            batch.Column<PrimitiveBuilder<long>>("x").Append(value);
            batch.Column<Utf8Builder>("s").Append(value % 2 == 0 ? null : $"row {value}");
        }

        writer.Write(batch.Build());
        writer.Finish();
    }

    public void Dispose()
    {
        foreach (var path in Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories))
            File.SetAttributes(path, FileAttributes.Normal);
        Directory.Delete(Root, recursive: true);
    }
}

/// <summary>A clock that stands until it is moved.</summary>
internal sealed class StandingClock(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}
