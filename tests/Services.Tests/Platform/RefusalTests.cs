namespace EventMl.Services.Tests.Platform;

/// <summary>Every wrong request with its status and code.</summary>
[Collection(PlatformTests.Name)]
public sealed class RefusalTests(PlatformFixture platform)
{
    private const string Ingest = "/api/v1/ingestion-tasks";
    private const string Train = "/api/v1/training-tasks";
    private const string Compute = "/api/v1/tasks";
    private const string Serve = "/api/v1/inference-services";

    // IMAGES stands for the folder with the images, DIGITS for a dataset that exists.
    [Theory]
    [InlineData("unknown script", Ingest, """{"name":"n","input":"IMAGES","script":"pipelines/none.py","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("script outside the roots", Ingest, """{"name":"n","input":"IMAGES","script":"/etc/passwd","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("script climbs out", Ingest, """{"name":"n","input":"IMAGES","script":"../../etc/passwd","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("script is a folder", Ingest, """{"name":"n","input":"IMAGES","script":"pipelines","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("missing input", Ingest, """{"name":"n","input":"IMAGES/none","source":"idx","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("input outside the roots", Ingest, """{"name":"n","input":"/etc","source":"idx","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("name is a number", Ingest, """{"name":7,"input":"IMAGES","source":"idx","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("name is a path", Ingest, """{"name":"../n","input":"IMAGES","source":"idx","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("output is a path", Ingest, """{"name":"n","input":"IMAGES","source":"idx","output":"a/b"}""", 400, "INVALID_REQUEST")]
    [InlineData("params is a list", Ingest, """{"name":"n","input":"IMAGES","source":"idx","output":"o","params":[]}""", 400, "INVALID_REQUEST")]
    [InlineData("params is a text", Ingest, """{"name":"n","input":"IMAGES","source":"idx","output":"o","params":"x"}""", 400, "INVALID_REQUEST")]
    [InlineData("time limit is a text", Ingest, """{"name":"n","input":"IMAGES","source":"idx","output":"o","timeout_seconds":"soon"}""", 400, "INVALID_REQUEST")]
    [InlineData("time limit is zero", Ingest, """{"name":"n","input":"IMAGES","source":"idx","output":"o","timeout_seconds":0}""", 400, "INVALID_REQUEST")]
    [InlineData("script and source", Ingest, """{"name":"n","input":"IMAGES","source":"idx","script":"pipelines/mnist_clean.py","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("neither script nor source", Ingest, """{"name":"n","input":"IMAGES","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("unknown source", Ingest, """{"name":"n","input":"IMAGES","source":"csv2","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("no fields", Ingest, "{}", 400, "INVALID_REQUEST")]
    [InlineData("no output", Ingest, """{"name":"n","input":"IMAGES","source":"idx"}""", 400, "INVALID_REQUEST")]
    [InlineData("no input", Ingest, """{"name":"n","source":"idx","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("null", Ingest, "null", 400, "INVALID_REQUEST")]
    [InlineData("a list", Ingest, "[]", 400, "INVALID_REQUEST")]
    [InlineData("half a body", Ingest, """{"name":""", 400, "INVALID_REQUEST")]
    [InlineData("nothing", Ingest, "", 400, "INVALID_REQUEST")]
    [InlineData("no fields", Train, "{}", 400, "INVALID_REQUEST")]
    [InlineData("unknown dataset", Train, """{"name":"n","input":"none","script":"training/mnist_cnn.py","output":"o"}""", 404, "DATASET_NOT_FOUND")]
    [InlineData("unknown version", Train, """{"name":"n","input":"DIGITS@99","script":"training/mnist_cnn.py","output":"o"}""", 404, "DATASET_NOT_FOUND")]
    [InlineData("version zero", Train, """{"name":"n","input":"DIGITS@0","script":"training/mnist_cnn.py","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("unknown script", Train, """{"name":"n","input":"DIGITS","script":"training/none.py","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("unknown layer", Train, """{"name":"n","input":"DIGITS","model":{"format":"eventml.model/1","layers":[{"type":"magic"}]},"output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("model is a text", Train, """{"name":"n","input":"DIGITS","model":"cnn","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("no fields", Compute, "{}", 400, "INVALID_REQUEST")]
    [InlineData("null", Compute, "null", 400, "INVALID_REQUEST")]
    [InlineData("a list", Compute, "[]", 400, "INVALID_REQUEST")]
    [InlineData("no script", Compute, """{"input":"IMAGES","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("unknown script", Compute, """{"script":"pipelines/none.py","input":"IMAGES","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("script is a number", Compute, """{"script":7,"input":"IMAGES","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("input outside the roots", Compute, """{"script":"pipelines/mnist_clean.py","input":"/etc","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("no input", Compute, """{"script":"pipelines/mnist_clean.py","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("no output", Compute, """{"script":"pipelines/mnist_clean.py","input":"IMAGES"}""", 400, "INVALID_REQUEST")]
    [InlineData("output names nothing", Compute, """{"script":"pipelines/mnist_clean.py","input":"IMAGES","output":"datasets/.lance"}""", 400, "INVALID_REQUEST")]
    [InlineData("name is a path", Compute, """{"name":"../n","script":"pipelines/mnist_clean.py","input":"IMAGES","output":"o"}""", 400, "INVALID_REQUEST")]
    [InlineData("params is a list", Compute, """{"script":"pipelines/mnist_clean.py","input":"IMAGES","output":"o","params":[]}""", 400, "INVALID_REQUEST")]
    [InlineData("time limit is zero", Compute, """{"script":"pipelines/mnist_clean.py","input":"IMAGES","output":"o","timeout_seconds":0}""", 400, "INVALID_REQUEST")]
    [InlineData("unknown model", Serve, """{"name":"n","model":"none"}""", 404, "MODEL_NOT_FOUND")]
    [InlineData("no model", Serve, """{"name":"n"}""", 400, "INVALID_REQUEST")]
    [InlineData("privileged port", Serve, """{"name":"n","model":"none","port":80}""", 400, "INVALID_REQUEST")]
    [InlineData("port is a text", Serve, """{"name":"n","model":"none","port":"8080"}""", 400, "INVALID_REQUEST")]
    [InlineData("unknown device", Serve, """{"name":"n","model":"none","device":"tpu"}""", 400, "INVALID_REQUEST")]
    public async Task Names_status_and_code_when_a_request_is_wrong(string what, string path, string body, int status, string code)
    {
        what.ShouldNotBeEmpty();
        if (body.Contains("DIGITS", StringComparison.Ordinal))
        {
            await platform.DigitsAsync();
        }

        var before = await CountAsync();
        var answer = await platform.Rest.PostAsync(
            path, body.Replace("IMAGES", platform.Images, StringComparison.Ordinal).Replace("DIGITS", "digits", StringComparison.Ordinal));

        answer.ShouldBeError(status, code);
        (await CountAsync()).ShouldBe(before, "a refused request left an event");
    }

    [Theory]
    [InlineData("GET", "/api/v1/datasets/none", "DATASET_NOT_FOUND")]
    [InlineData("DELETE", "/api/v1/datasets/none", "DATASET_NOT_FOUND")]
    [InlineData("GET", "/api/v1/models/none", "MODEL_NOT_FOUND")]
    [InlineData("DELETE", "/api/v1/models/none", "MODEL_NOT_FOUND")]
    [InlineData("GET", "/api/v1/ingestion-tasks/ingest-none", "TASK_NOT_FOUND")]
    [InlineData("GET", "/api/v1/ingestion-tasks/ingest-none/logs", "TASK_NOT_FOUND")]
    [InlineData("POST", "/api/v1/ingestion-tasks/ingest-none/cancel", "TASK_NOT_FOUND")]
    [InlineData("GET", "/api/v1/tasks/task-none", "TASK_NOT_FOUND")]
    [InlineData("GET", "/api/v1/tasks/task-none/logs", "TASK_NOT_FOUND")]
    [InlineData("POST", "/api/v1/tasks/task-none/cancel", "TASK_NOT_FOUND")]
    [InlineData("GET", "/api/v1/training-tasks/train-none", "TASK_NOT_FOUND")]
    [InlineData("GET", "/api/v1/training-tasks/train-none/logs", "TASK_NOT_FOUND")]
    [InlineData("GET", "/api/v1/training-tasks/train-none/epochs", "TASK_NOT_FOUND")]
    [InlineData("POST", "/api/v1/training-tasks/train-none/cancel", "TASK_NOT_FOUND")]
    [InlineData("GET", "/api/v1/inference-services/serve-none", "SERVICE_NOT_FOUND")]
    [InlineData("DELETE", "/api/v1/inference-services/serve-none", "SERVICE_NOT_FOUND")]
    [InlineData("POST", "/api/v1/inference-services/serve-none/predict", "SERVICE_NOT_FOUND")]
    public async Task Says_404_when_an_id_is_unknown(string method, string path, string code) =>
        (await platform.Rest.SendAsync(new HttpMethod(method), path)).ShouldBeError(404, code);

    [Fact]
    public async Task Says_409_when_a_name_is_taken_or_a_task_has_ended()
    {
        var name = PlatformFixture.Unique("taken");
        var request = new { name, input = platform.Images, script = "faulty/faulty.py", @params = new { fault = "hang" }, output = name };
        var first = await platform.Rest.PostAsync(Ingest, request);
        first.ShouldBe(System.Net.HttpStatusCode.Created);

        (await platform.Rest.PostAsync(Ingest, request)).ShouldBeError(409, "TASK_ALREADY_RUNNING");

        var path = $"{Ingest}/{first.Json.Text("id")}";
        (await platform.Rest.PostAsync($"{path}/cancel")).ShouldBe(System.Net.HttpStatusCode.OK);
        (await platform.Rest.UntilEndedAsync(path)).ShouldHaveFailed("TASK_CANCELLED");
        (await platform.Rest.PostAsync($"{path}/cancel")).ShouldBeError(409, "TASK_NOT_RUNNING");
    }

    private Task<long> CountAsync() => platform.Database.ScalarAsync<long>("select count(*) from ledger.mt_events where type like '%requested' or type like '%created'");
}
