using EventMl.Arrow;
using EventMl.Host.Jobs;
using EventMl.Torch;

namespace EventMl.Services.Tests.Jobs;

public sealed class DatasetFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("eventml-dataset-").FullName;

    private static ModelDefinition Model { get; } = ModelDefinition.Parse("""
        {
          "format": "eventml.model/1",
          "layers": [ { "type": "linear", "in_features": 2, "out_features": 3 } ],
          "input": { "name": "pixels", "shape": [2], "dtype": "uint8" },
          "output": { "kind": "classification", "classes": 3 }
        }
        """);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Gives_the_rows_of_one_split_from_all_files_in_order()
    {
        Write("part-2", "image", "split", ("test", [5, 6], 2), ("train", [7, 8], 0));
        Write("part-1", "image", "split", ("train", [1, 2], 1), ("test", [3, 4], 0));
        Write("part-3", "image", "split", ("train", [9, 9], 1));

        var chunks = DatasetFolder.Read(_folder, "test", Model).ToArray();

        chunks.SelectMany(c => c.Samples.ToArray()).ShouldBe([3, 4, 5, 6]);
        chunks.SelectMany(c => c.Labels.ToArray()).ShouldBe([0, 2]);
    }

    [Fact]
    public void Takes_the_models_own_column_when_the_dataset_has_it()
    {
        Write("part", "pixels", "split", ("test", [1, 2], 0));
        DatasetFolder.Read(_folder, "test", Model).ShouldHaveSingleItem().Samples.ToArray().ShouldBe([1, 2]);
    }

    [Fact]
    public void Counts_every_row_as_training_data_when_there_is_no_split()
    {
        Write("part", "image", "other", ("x", [1, 2], 0));
        DatasetFolder.Read(_folder, "train", Model).Count().ShouldBe(1);
        DatasetFolder.Read(_folder, "test", Model).ShouldBeEmpty();
    }

    [Fact]
    public void Names_the_row_when_a_sample_has_another_length()
    {
        Write("part", "image", "split", ("test", [1, 2], 0), ("test", [1, 2, 3], 0));
        Should.Throw<InvalidDataException>(() => DatasetFolder.Read(_folder, "test", Model).ToArray())
            .Message.ShouldBe("Row 1 of part.arrow has a sample of 3 bytes; the model takes 2.");
    }

    private void Write(string name, string samples, string split, params (string Split, byte[] Sample, long Label)[] rows)
    {
        var builder = new RecordBatchBuilder(new ArrowSchema(
            [new ArrowField(samples, ArrowType.Of(ArrowKind.Binary)), new ArrowField("label", ArrowType.Of(ArrowKind.Int64)), new ArrowField(split, ArrowType.Of(ArrowKind.Utf8))]));
        foreach (var row in rows)
        {
            builder.Column<BinaryBuilder>(samples).Append(row.Sample);
            builder.Column<PrimitiveBuilder<long>>("label").Append(row.Label);
            builder.Column<Utf8Builder>(split).Append(row.Split);
        }

        using var writer = ArrowFileWriter.Create(Path.Combine(_folder, $"{name}.arrow"), builder.Schema);
        writer.Write(builder.Build());
        writer.Finish();
    }
}
