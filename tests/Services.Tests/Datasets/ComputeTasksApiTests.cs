using EventMl.Datasets.Viewing;

namespace EventMl.Services.Tests.Datasets;

public class ComputeTasksApiTests
{
    [Theory]
    [InlineData("mnist_clean", "mnist_clean")]
    [InlineData("mnist.v1", "mnist.v1")]
    [InlineData("mnist_clean.lance", "mnist_clean")]
    [InlineData("lance_storage/datasets/mnist_clean.lance", "mnist_clean")]
    [InlineData("lance_storage/datasets/mnist_clean.lance/", "mnist_clean")]
    [InlineData("s3://lake/clean", "clean")]
    [InlineData("../../etc/passwd", "passwd")]
    [InlineData("/", "")]
    [InlineData("..", "..")]
    [InlineData(null, null)]
    public void Names_the_dataset_when_the_output_is_a_name_or_a_path(string? output, string? dataset) => ComputeTasksApi.DatasetOf(output).ShouldBe(dataset);
}
